// SPDX-License-Identifier: GPL-3.0-or-later
// What every client in a browser has in common: a picture of one colour with a moving stripe and one tone, so that a
// receiver can tell whose it is, and the means to tell what comes of the others.

// The colour of the picture that stands for the own screen.
export const SCREEN = [30, 160, 160];

// Watched, not changed: what the browser itself counts.
const connections = new Set();
globalThis.RTCPeerConnection = class extends globalThis.RTCPeerConnection {
  constructor(...options) {
    super(...options);
    connections.add(this);
  }
};

export function until(test, timeoutMs, what) {
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

// For browser.mjs.
export function present(peer) {
  window.peer = peer;
  window.peerReady = true;
}

export async function waitMedia(members, { members: wanted = 1, frames = 5, timeout = 30000 }) {
  const done = () => {
    const ready = members().filter((m) => m.connected && m.frames >= frames);
    return ready.length >= wanted ? ready.map((m) => m.userId) : null;
  };
  try {
    return { members: await until(done, timeout, "media") };
  } catch (error) {
    throw new Error(`${error.message}: ${JSON.stringify(members())}`);
  }
}

// The mean stays, as everywhere a lighter stripe of the same width moves over the same ground.
function painted([r, g, b]) {
  const canvas = document.createElement("canvas");
  canvas.width = 640;
  canvas.height = 360;
  const context = canvas.getContext("2d");
  let x = 0;
  const draw = () => {
    context.fillStyle = `rgb(${r},${g},${b})`;
    context.fillRect(0, 0, 640, 360);
    context.fillStyle = `rgb(${Math.min(r + 60, 255)},${Math.min(g + 60, 255)},${Math.min(b + 60, 255)})`;
    context.fillRect(x, 0, 64, 360);
    x = (x + 16) % 576;
  };
  draw();
  return { stream: canvas.captureStream(20), draw };
}

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

export class Media {
  #context = new AudioContext();
  #views = new Map();
  #draws = new Map(); // one of each kind is drawn

  constructor({ colour, toneHz, camera, hidden }) {
    Object.assign(this, { colour, toneHz, camera, hidden });
    setInterval(() => this.#draws.forEach((draw) => draw()), 50);
  }

  #picture(kind, colour) {
    const { stream, draw } = painted(colour);
    this.#draws.set(kind, draw);
    return stream;
  }

  async localStream({ audio = true, video = true } = {}) {
    const stream = !video ? new MediaStream()
      : this.camera
        ? await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 360, frameRate: 30 } })
        : this.#picture("camera", this.colour);
    if (!audio) return stream;
    const oscillator = new OscillatorNode(this.#context, { frequency: this.toneHz });
    const gain = new GainNode(this.#context, { gain: 0.4 });
    const destination = this.#context.createMediaStreamDestination();
    oscillator.connect(gain).connect(destination);
    oscillator.start();
    stream.addTrack(destination.stream.getAudioTracks()[0]);
    return stream;
  }

  screenStream() {
    return this.#picture("screen", SCREEN);
  }

  // A stream, played in an element: WebAudio gets nothing from a remote stream that nobody plays.
  view(key, stream) {
    if (!stream) return null;
    let found = this.#views.get(key);
    if (!found || found.stream !== stream) {
      found?.video.remove();
      const video = document.createElement("video");
      video.muted = true;
      video.autoplay = true;
      video.srcObject = stream;
      video.hidden = this.hidden;
      document.body.append(video);
      found = { stream, video, analyser: null };
      this.#views.set(key, found);
    }
    if (!found.analyser && stream.getAudioTracks().length > 0) {
      found.analyser = new AnalyserNode(this.#context, { fftSize: 8192, smoothingTimeConstant: 0 });
      this.#context.createMediaStreamSource(stream).connect(found.analyser);
    }
    return found;
  }

  forget() {
    this.#views.forEach((view) => view.video.remove());
    this.#views.clear();
  }

  // The pitch of the loudest of some windows within 1.2 s.
  async #sound(analyser) {
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
      best.peakHz = Math.round((top * this.#context.sampleRate) / analyser.fftSize);
    }
    return best;
  }

  // Of each row with what is `shown` of it: its tracks as confab-bot tells them.
  async tracks(rows) {
    const all = await Promise.all(rows.map(async ({ shown, ...who }) => {
      if (!shown) return [];
      const before = picture(shown.video);
      const heard = shown.analyser ? await this.#sound(shown.analyser) : null;
      if (!heard) await new Promise((resolve) => setTimeout(resolve, 400));
      const after = picture(shown.video);
      const out = [];
      if (heard) out.push({ ...who, kind: "audio", ...heard });
      if (before && after)
        out.push({ ...who, kind: "video", meanRgb: mean(after), changed: changed(before, after) });
      return out;
    }));
    return all.flat();
  }

  // Per connection that is up: the pictures that come and go.
  async stats() {
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
  }
}
