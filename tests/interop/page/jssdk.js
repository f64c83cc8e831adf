// SPDX-License-Identifier: GPL-3.0-or-later
// matrix-js-sdk 36.2.0, the last with libolm, as a participant: what browser.mjs calls in the page. Nothing of the SDK
// is patched; the browser's devices are a picture and a tone of its own.
import * as sdk from "matrix-js-sdk";
import { GroupCallEventHandlerEvent } from "matrix-js-sdk/lib/webrtc/groupCallEventHandler.js";
import { Media, SCREEN, present, until, waitMedia } from "./media.js";

const peer = { client: null, call: null };
let media;

peer.login = async ({ homeserver, user, password, colour, toneHz, hidden }) => {
  media = new Media({ colour, toneHz, camera: false, hidden });
  navigator.mediaDevices.getUserMedia = (wanted) =>
    media.localStream({ audio: !!wanted.audio, video: !!wanted.video });
  navigator.mediaDevices.getDisplayMedia = async () => media.screenStream();
  await window.Olm.init({ locateFile: () => "/npm/@matrix-org/olm/olm.wasm" });
  const login = await sdk.createClient({ baseUrl: homeserver }).loginRequest({
    type: "m.login.password", identifier: { type: "m.id.user", user }, password,
  });
  peer.client = sdk.createClient({
    baseUrl: homeserver, accessToken: login.access_token, userId: login.user_id, deviceId: login.device_id,
    cryptoStore: new sdk.MemoryCryptoStore(), useE2eForGroupCall: true,
  });
  await peer.client.initLegacyCrypto();
  peer.client.setGlobalErrorOnUnknownDevices(false);
  await peer.client.startClient({ initialSyncLimit: 20 });
  await until(() => peer.client.isInitialSyncComplete(), 30000, "first sync");
  return { userId: login.user_id, deviceId: login.device_id, screenMeanRgb: SCREEN };
};

peer.joinRoom = async ({ roomId, timeout = 20000 }) => {
  await peer.client.joinRoom(roomId);
  await until(() => peer.client.getRoom(roomId), timeout, "room in sync");
  return {};
};

peer.rooms = () => peer.client.getRooms().map((room) => ({
  roomId: room.roomId, name: room.name, encrypted: peer.client.isRoomEncrypted(room.roomId),
}));

peer.sendEvent = async ({ roomId, type, content }) => {
  const { event_id: eventId } = await peer.client.sendEvent(roomId, type, content);
  return { eventId };
};

peer.blockDevice = async ({ userId, deviceId, on }) => {
  await peer.client.downloadKeys([userId]);
  await peer.client.setDeviceBlocked(userId, deviceId, on);
  return {};
};

// What its person reads in the room, decrypted where it can be.
peer.messages = ({ roomId }) => peer.client.getRoom(roomId).getLiveTimeline().getEvents()
  .filter((event) => ["m.room.message", "m.reaction", "m.room.encrypted"].includes(event.getType()))
  .map((event) => ({
    eventId: event.getId(), userId: event.getSender(), type: event.getType(), wireType: event.getWireType(),
    content: event.getContent(), failed: event.isDecryptionFailure(),
    reason: event.decryptionFailureReason,
  }));

const known = (roomId) => peer.client.getGroupCallForRoom(roomId);

peer.calls = () => peer.client.getRooms().map((room) => known(room.roomId)).filter(Boolean).map((call) => ({
  callId: call.groupCallId, roomId: call.room.roomId, intent: call.intent, type: call.type,
  members: Array.from(call.participants.values()).reduce((sum, devices) => sum + devices.size, 0),
}));

peer.createCall = async ({ roomId, intent = "m.prompt", type = "m.video" }) => {
  await until(() => peer.client.getRoom(roomId), 20000, "room in sync");
  await peer.client.waitUntilRoomReadyForGroupCalls(roomId);
  const call = await peer.client.createGroupCall(roomId, type, false, intent);
  return { callId: call.groupCallId };
};

peer.joinCall = async ({ roomId, timeout = 20000 }) => {
  const start = performance.now();
  await until(() => known(roomId), timeout, "call known");
  peer.call = known(roomId);
  await peer.call.enter();
  const { userId } = peer.client.getSafeUserId ? { userId: peer.client.getSafeUserId() } : {};
  await until(() => Array.from(peer.call.participants.keys()).some((member) => member.userId === userId),
    timeout, "own membership");
  return { callId: peer.call.groupCallId, joinMs: Math.round(performance.now() - start) };
};

peer.leave = async () => {
  const { call } = peer;
  const me = peer.client.getSafeUserId();
  call.leave();
  await until(() => !Array.from(call.participants.keys()).some((member) => member.userId === me), 20000,
    "own leaving in sync");
  peer.call = null;
  media.forget();
  return {};
};

peer.mute = async ({ mic, cam }) => {
  if (mic !== undefined) await peer.call.setMicrophoneMuted(mic);
  if (cam !== undefined) await peer.call.setLocalVideoMuted(cam);
  return { microphone: peer.call.isMicrophoneMuted(), camera: peer.call.isLocalVideoMuted() };
};

// What the SDK does by itself when a connection has been lost for two seconds.
peer.restartIce = () => {
  const calls = Array.from(peer.call.calls.values()).flatMap((devices) => Array.from(devices.values()));
  calls.forEach((call) => call.peerConn.restartIce());
  return { calls: calls.length };
};

peer.screen = async ({ on }) => ({ on: await peer.call.setScreensharingEnabled(on) });

const feedOf = (feeds, userId, deviceId) =>
  feeds.find((feed) => !feed.isLocal() && feed.userId === userId && feed.deviceId === deviceId);

function others() {
  const me = peer.client.getSafeUserId();
  if (!peer.call) return [];
  return Array.from(peer.call.participants).flatMap(([member, devices]) =>
    Array.from(devices.keys(), (deviceId) => ({ userId: member.userId, deviceId })))
    .filter((who) => who.userId !== me);
}

const shown = ({ userId, deviceId }, purpose) => {
  const feeds = purpose === "usermedia" ? peer.call.userMediaFeeds : peer.call.screenshareFeeds;
  return media.view(`${purpose} ${userId} ${deviceId}`, feedOf(feeds, userId, deviceId)?.stream);
};

peer.members = () => others().map((who) => {
  const feed = feedOf(peer.call.userMediaFeeds, who.userId, who.deviceId);
  return {
    ...who,
    connected: !!feed?.connected,
    remoteMute: feed ? { microphone: feed.isAudioMuted(), camera: feed.isVideoMuted() } : null,
    hasUserMedia: !!feed,
    hasScreenShare: !!feedOf(peer.call.screenshareFeeds, who.userId, who.deviceId),
    frames: shown(who, "usermedia")?.video.getVideoPlaybackQuality().totalVideoFrames ?? 0,
  };
});

peer.tracks = () => media.tracks(others().flatMap((who) => ["usermedia", "screenshare"].map((purpose) => ({
  ...who, purpose, shown: shown(who, purpose),
}))));

peer.stats = () => media.stats();
peer.waitMedia = (options) => waitMedia(peer.members, options);

present(peer);
