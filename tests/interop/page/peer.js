// SPDX-License-Identifier: GPL-3.0-or-later
// hydrogen-view-sdk as a participant: what hydrogen.mjs calls in the page. Nothing of the SDK is patched; it gets
// media of its own (a picture of one colour with a moving stripe, one tone) so that a receiver can tell whose it is.
import {
  Client, FeatureFlag, FeatureSet, LoadStatus, LocalMedia, Platform, createNavigation, createRouter,
} from "hydrogen-view-sdk";

const peer = { client: null, call: null, views: new Map(), wire: [], errors: [] };

// Watched, not changed: what the browser itself counts.
const connections = new Set();
globalThis.RTCPeerConnection = class extends globalThis.RTCPeerConnection {
  constructor(...options) {
    super(...options);
    connections.add(this);
  }
};

function until(test, timeoutMs, what) {
  return new Promise((resolve, reject) => {
    const end = performance.now() + timeoutMs;
    const look = () => {
      const value = test();
      if (value) resolve(value);
      else if (performance.now() > end) reject(new Error(`timeout: ${what}`));
      else setTimeout(look, 20);
    };
    look();
  });
}

peer.login = async ({ homeserver, user, password, colour, toneHz, camera, hidden }) => {
  Object.assign(peer, { colour, toneHz, camera, hidden });
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
  return { userId: session.userId, deviceId: session.deviceId };
};

async function localStream() {
  const stream = peer.camera
    ? await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 360, frameRate: 30 } })
    : painted();
  peer.audio ??= new AudioContext();
  const oscillator = new OscillatorNode(peer.audio, { frequency: peer.toneHz });
  const gain = new GainNode(peer.audio, { gain: 0.4 });
  const destination = peer.audio.createMediaStreamDestination();
  oscillator.connect(gain).connect(destination);
  oscillator.start();
  stream.addTrack(destination.stream.getAudioTracks()[0]);
  return stream;
}

function painted() {
  const canvas = document.createElement("canvas");
  canvas.width = 640;
  canvas.height = 360;
  const context = canvas.getContext("2d");
  let x = 0;
  // The mean stays, as everywhere a lighter stripe of the same width moves over the same ground.
  const draw = () => {
    const [r, g, b] = peer.colour;
    context.fillStyle = `rgb(${r},${g},${b})`;
    context.fillRect(0, 0, 640, 360);
    context.fillStyle = `rgb(${Math.min(r + 60, 255)},${Math.min(g + 60, 255)},${Math.min(b + 60, 255)})`;
    context.fillRect(x, 0, 64, 360);
    x = (x + 16) % 576;
  };
  draw();
  peer.drawing ??= setInterval(() => peer.draw?.(), 50);
  peer.draw = draw;
  return canvas.captureStream(20);
}

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

peer.joinCall = async ({ roomId, callId, timeout = 20000 }) => {
  const start = performance.now();
  peer.call = await until(
    () => calls().find((c) => c.roomId === roomId && !c.isTerminated && (!callId || c.id === callId)),
    timeout, "call known");
  await peer.call.join(new LocalMedia(await localStream()));
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
  peer.views.forEach((view) => view.video.remove());
  peer.views.clear();
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

// The stream of a member, played in an element: WebAudio gets nothing from a remote stream that nobody plays.
function view(member) {
  const stream = member.remoteMedia?.userMedia;
  if (!stream) return null;
  const key = `${member.userId} ${member.deviceId}`;
  let found = peer.views.get(key);
  if (!found || found.stream !== stream) {
    found?.video.remove();
    const video = document.createElement("video");
    video.muted = true;
    video.autoplay = true;
    video.srcObject = stream;
    video.hidden = peer.hidden;
    document.body.append(video);
    peer.audio ??= new AudioContext();
    found = { stream, video, analyser: null };
    peer.views.set(key, found);
  }
  if (!found.analyser && stream.getAudioTracks().length > 0) {
    found.analyser = new AnalyserNode(peer.audio, { fftSize: 8192, smoothingTimeConstant: 0 });
    peer.audio.createMediaStreamSource(stream).connect(found.analyser);
  }
  return found;
}

peer.members = () => members().map((member) => ({
  userId: member.userId,
  deviceId: member.deviceId,
  connected: member.isConnected,
  remoteMute: member.remoteMuteSettings
    ? { microphone: member.remoteMuteSettings.microphone, camera: member.remoteMuteSettings.camera } : null,
  hasUserMedia: !!view(member),
  frames: view(member)?.video.getVideoPlaybackQuality().totalVideoFrames ?? 0,
  error: member.error?.message ?? null,
}));

function picture(video) {
  if (!video.videoWidth) return null;
  const canvas = new OffscreenCanvas(32, 32);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(video, 0, 0, 32, 32);
  return context.getImageData(0, 0, 32, 32).data;
}

function mean(data) {
  const sum = [0, 0, 0];
  for (let i = 0; i < data.length; i += 4) for (let c = 0; c < 3; c++) sum[c] += data[i + c];
  return sum.map((value) => Math.round(value / (data.length / 4)));
}

function changed(before, after) {
  let n = 0;
  for (let i = 0; i < before.length; i += 4)
    if ([0, 1, 2].some((c) => Math.abs(before[i + c] - after[i + c]) > 8)) n++;
  return n / (before.length / 4);
}

// The pitch of the loudest of some windows within 1.2 s.
async function sound(analyser) {
  const bins = new Float32Array(analyser.frequencyBinCount);
  const samples = new Float32Array(analyser.fftSize);
  const best = { rms: 0, peakHz: null };
  for (let i = 0; i < 6; i++) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    analyser.getFloatTimeDomainData(samples);
    const rms = Math.sqrt(samples.reduce((sum, s) => sum + s * s, 0) / samples.length);
    if (rms <= best.rms) continue;
    analyser.getFloatFrequencyData(bins);
    const top = bins.reduce((index, value, j) => (value > bins[index] ? j : index), 0);
    best.rms = rms;
    best.peakHz = Math.round((top * peer.audio.sampleRate) / analyser.fftSize);
  }
  return best;
}

peer.tracks = async () => {
  const rows = await Promise.all(members().map(async (member) => {
    const shown = view(member);
    if (!shown) return [];
    const before = picture(shown.video);
    const heard = shown.analyser ? await sound(shown.analyser) : null;
    const after = picture(shown.video);
    const who = { userId: member.userId, deviceId: member.deviceId, purpose: "usermedia" };
    const out = [];
    if (heard) out.push({ ...who, kind: "audio", ...heard });
    if (before && after)
      out.push({ ...who, kind: "video", meanRgb: mean(after), changed: changed(before, after) });
    return out;
  }));
  return rows.flat();
};

// Per connection that is up: the pictures that come and go.
peer.stats = async () => {
  const live = Array.from(connections).filter((connection) => connection.connectionState === "connected");
  return Promise.all(live.map(async (connection) => {
    const all = Array.from((await connection.getStats()).values());
    const rows = (type) => all.filter((row) => row.type === type && row.kind === "video");
    return {
      inbound: rows("inbound-rtp").map((row) => ({
        framesDecoded: row.framesDecoded, frameWidth: row.frameWidth, bytesReceived: row.bytesReceived,
      })),
      outbound: rows("outbound-rtp").map((row) => ({
        framesSent: row.framesSent, frameWidth: row.frameWidth, bytesSent: row.bytesSent,
        encoder: row.encoderImplementation, limited: row.qualityLimitationReason,
      })),
    };
  }));
};

peer.waitMedia = async ({ members: wanted = 1, frames = 5, timeout = 30000 }) => {
  const done = () => {
    const ready = peer.members().filter((m) => m.connected && m.frames >= frames);
    return ready.length >= wanted ? ready.map((m) => m.userId) : null;
  };
  try {
    return { members: await until(done, timeout, "media") };
  } catch (error) {
    throw new Error(`${error.message}: ${JSON.stringify(peer.members())}`);
  }
};

window.peer = peer;
window.peerReady = true;
