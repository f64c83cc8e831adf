// SPDX-License-Identifier: GPL-3.0-or-later
// hydrogen-view-sdk as a participant: what browser.mjs calls in the page. Nothing of the SDK is patched; it gets
// media of its own (a picture of one colour with a moving stripe, one tone) so that a receiver can tell whose it is.
import {
  Client, FeatureFlag, FeatureSet, LoadStatus, LocalMedia, Platform, createNavigation, createRouter,
} from "hydrogen-view-sdk";

import { Media, SCREEN, present, until, waitMedia } from "/page/media.js";

const peer = { client: null, call: null };
const wire = []; // what members of calls told this one and were told, oldest first
let media;

// Watched, not changed: nothing else of the SDK is in the clear on both ways.
function watchWire(callHandler) {
  const note = (direction, userId, deviceId, { type, content }) =>
    wire.push({ direction, userId, deviceId, type, seq: content.seq, callId: content.call_id });
  const { handleDeviceMessage } = callHandler;
  callHandler.handleDeviceMessage = (message, userId, deviceId, log) => {
    note("in", userId, deviceId, message);
    return handleDeviceMessage.call(callHandler, message, userId, deviceId, log);
  };
  const options = callHandler.groupCallOptions;
  const { encryptDeviceMessage } = options;
  options.encryptDeviceMessage = (roomId, userId, deviceId, message, log) => {
    note("out", userId, deviceId, message);
    return encryptDeviceMessage(roomId, userId, deviceId, message, log);
  };
}

peer.login = async ({ homeserver, user, password, colour, toneHz, camera, hidden }) => {
  media = new Media({ colour, toneHz, camera, hidden });
  const platform = new Platform({
    container: document.querySelector("#app"),
    assetPaths: {
      downloadSandbox: "/npm/hydrogen-view-sdk/asset-build/assets/download-sandbox.html",
      worker: "/npm/hydrogen-view-sdk/asset-build/assets/main.js",
      olm: {
        wasm: "/npm/@matrix-org/olm/olm.wasm",
        legacyBundle: "/npm/@matrix-org/olm/olm_legacy.js",
        wasmBundle: "/npm/@matrix-org/olm/olm.js",
      },
      serviceWorker: "/sw.js",
    },
    config: {},
    options: { development: false },
  });
  const navigation = createNavigation();
  platform.setNavigation(navigation);
  await platform.init();
  createRouter({ navigation, history: platform.history }).attach();
  peer.client = new Client(platform, new FeatureSet(0).withFeature(FeatureFlag.Calls));
  const login = await peer.client.queryLogin(homeserver).result;
  peer.client.startWithLogin(login.password(user, password));
  const done = [LoadStatus.Ready, LoadStatus.Error, LoadStatus.LoginFailed];
  await peer.client.loadStatus.waitFor((status) => {
    if (status === LoadStatus.AccountSetup) peer.client.accountSetup?.finish();
    return done.includes(status);
  }).promise;
  if (peer.client.loadStatus.get() !== LoadStatus.Ready)
    throw new Error(`login: ${peer.client.loginFailure ?? peer.client.loadError?.message}`);
  const { session } = peer.client;
  watchWire(session.callHandler);
  return { userId: session.userId, deviceId: session.deviceId, screenMeanRgb: SCREEN };
};

const calls = () => Array.from(peer.client.session.callHandler.calls.values());
const members = () => (peer.call ? Array.from(peer.call.members.values()) : []);

peer.joinRoom = async ({ roomId, timeout = 20000 }) => {
  await peer.client.session.joinRoom(roomId);
  await until(() => peer.client.session.rooms.get(roomId), timeout, "room in sync");
  return {};
};

peer.rooms = () => Array.from(peer.client.session.rooms.values()).map((room) => ({
  roomId: room.id, name: room.name, encrypted: room.isEncrypted,
}));

peer.calls = () => calls().map((call) => ({
  callId: call.id, roomId: call.roomId, intent: call.intent, type: call.type, members: call.members.size,
  terminated: call.isTerminated,
}));

peer.createCall = async ({ roomId, intent = "m.prompt", type = "m.video", name = "a call" }) => {
  await until(() => peer.client.session.rooms.get(roomId), 20000, "room in sync");
  const call = await peer.client.session.callHandler.createCall(roomId, type, name, intent);
  return { callId: call.id };
};

peer.joinCall = async ({ roomId, callId, screen = false, timeout = 20000 }) => {
  const start = performance.now();
  peer.call = await until(
    () => calls().find((c) => c.roomId === roomId && !c.isTerminated && (!callId || c.id === callId)),
    timeout, "call known");
  await peer.call.join(new LocalMedia(await media.localStream(), screen ? media.screenStream() : undefined));
  const { error } = peer.call;
  if (error) throw error;
  await until(() => peer.call.hasJoined, timeout, "own membership");
  return { callId: peer.call.id, joinMs: Math.round(performance.now() - start) };
};

// hydrogen disconnects twice when it leaves: once by itself, once when its own leaving comes back in sync. It waits for
// neither, in either order, and whichever ends after a new join takes that join down: so wait for both.
peer.leave = async () => {
  const { call } = peer;
  let ends = 0;
  const changed = () => { if (!call.hasJoined) ends++; };
  call.on("change", changed);
  await call.leave();
  await until(() => ends >= 2 || !calls().includes(call), 20000, "own leaving in sync");
  call.off("change", changed);
  peer.call = null;
  media.forget();
  return {};
};

peer.mute = async ({ mic, cam }) => {
  let settings = peer.call.muteSettings;
  if (mic !== undefined && settings.microphone !== mic) settings = settings.toggleMicrophone();
  if (cam !== undefined && settings.camera !== cam) settings = settings.toggleCamera();
  await peer.call.setMuted(settings);
  const now = peer.call.muteSettings;
  return { microphone: now.microphone, camera: now.camera };
};

// As Element's hydrogen does it: what else is sent is cloned.
peer.screen = async ({ on }) => {
  await peer.call.setMedia(peer.call.localMedia.withScreenShare(on ? media.screenStream() : undefined));
  return { on: !!peer.call.localMedia.screenShare };
};

// Invites where there is a call already: by its turn another time, and out of turn beside the call.
peer.inviteAgain = async () => {
  for (const member of members()) {
    const { connection } = member;
    await connection.logItem.wrap("invite again", async (log) => {
      const callId = connection.peerCall.callId;
      if (member.userId > peer.client.session.userId) {
        await member.callIfNeeded(log);
        if (connection.peerCall.callId === callId) throw new Error("no other call");
      } else {
        await member._createPeerCall("c-out-of-turn").call(connection.localMedia, connection.localMuteSettings, log);
      }
    });
  }
  return {};
};

// Gives up what there is, and invites with an id that says who gives way when the other side invites, too.
peer.invite = async ({ callId }) => {
  for (const member of members()) {
    const { connection } = member;
    await connection.logItem.wrap("invite", async (log) => {
      await connection.peerCall?.hangup("replaced", log);
      connection.peerCall = member._createPeerCall(callId);
      await connection.peerCall.call(connection.localMedia, connection.localMuteSettings, log);
    });
  }
  return {};
};

// No hydrogen does it by itself: it is what a browser offers whose network has changed.
peer.restartIce = async () => {
  for (const { connection } of members()) {
    connection.peerCall.peerConnection.restartIce();
    await connection.logItem.wrap("restart ICE", (log) => connection.peerCall.handleNegotiation(log));
  }
  return {};
};

peer.wire = () => wire;

const view = (member, purpose = "userMedia") =>
  media.view(`${purpose} ${member.userId} ${member.deviceId}`, member.remoteMedia?.[purpose]);

peer.members = () => members().map((member) => ({
  userId: member.userId,
  deviceId: member.deviceId,
  connected: member.isConnected,
  remoteMute: member.remoteMuteSettings
    ? { microphone: member.remoteMuteSettings.microphone, camera: member.remoteMuteSettings.camera } : null,
  hasUserMedia: !!view(member),
  hasScreenShare: !!view(member, "screenShare"),
  frames: view(member)?.video.getVideoPlaybackQuality().totalVideoFrames ?? 0,
  error: member.error?.message ?? null,
}));

peer.tracks = () => media.tracks(members().flatMap((member) => [
  { userId: member.userId, deviceId: member.deviceId, purpose: "usermedia", shown: view(member) },
  {
    userId: member.userId, deviceId: member.deviceId, purpose: "screenshare", shown: view(member, "screenShare"),
  },
]));

peer.stats = () => media.stats();

peer.waitMedia = (options) => waitMedia(peer.members, options);

present(peer);
