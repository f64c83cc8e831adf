// SPDX-License-Identifier: GPL-3.0-or-later
// A client of somebody else's in a headless Chromium as a participant that speaks JSON lines like confab-bot:
//   node browser.mjs --client hydrogen|jssdk --modules NODE_MODULES --homeserver URL --user NAME --password P
//                    [--colour R,G,B] [--tone HZ] [--clip FILE.y4m] (loops as the camera; hydrogen only)
//                    [--hidden] (decodes, but draws nothing)
// {"id":1,"cmd":"join-call","roomId":"!a:b"} → {"id":1,"cmd":"join-call","ok":true,"result":{…}}
// Events: ready, then on trouble {"event":"page-error","message":…}. The end of its input ends it.
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, extname, join, normalize, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values: args } = parseArgs({
  options: {
    client: { type: "string", default: "hydrogen" },
    modules: { type: "string" },
    homeserver: { type: "string" },
    user: { type: "string" },
    password: { type: "string" },
    colour: { type: "string", default: "200,40,40" },
    tone: { type: "string", default: "700" },
    chromium: { type: "string", default: "/usr/bin/chromium" },
    clip: { type: "string" },
    hidden: { type: "boolean", default: false },
  },
});
const here = dirname(fileURLToPath(import.meta.url));
const modules = resolve(args.modules);
const { chromium } = createRequire(join(modules, "/"))("playwright-core");

const TYPES = {
  ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm", ".css": "text/css",
};
const HOMESERVER = args.homeserver.replace(/\/$/, "");

const write = (object) => process.stdout.write(JSON.stringify(object) + "\n");

// CommonJS packages as ES modules: their exports become the default export.
const asModule = (source) =>
  `const module = { exports: {} }; const process = { env: { NODE_ENV: "development" } };\n` +
  `(function (exports, require) {\n${source}\n}).call(globalThis, module.exports, () => ({}));\n` +
  `export default module.exports; export const offColor = module.exports.offColor;\n`;

// matrix-js-sdk comes as modules that only a bundler can put together.
async function bundle(name) {
  const { build } = createRequire(join(modules, "/"))("esbuild");
  const result = await build({
    entryPoints: [join(here, "page", name)], bundle: true, write: false, format: "esm", target: "es2022",
    nodePaths: [modules], define: { global: "globalThis" }, logLevel: "silent",
  });
  return result.outputFiles[0].text;
}

async function serve(request, reply) {
  const path = normalize(decodeURIComponent(new URL(request.url, "http://x").pathname));
  const send = (body, type) => reply.writeHead(200, { "content-type": type }).end(body);
  try {
    if (path === "/") return send(await readFile(join(here, `page/${args.client}.html`)), TYPES[".html"]);
    if (path.startsWith("/bundle/")) return send(await bundle(path.slice(8)), TYPES[".js"]);
    if (path === "/empty.js") return send("export default {};", TYPES[".js"]);
    if (path === "/sw.js")
      return send(await readFile(join(modules, "hydrogen-view-sdk/lib-build/sw.js")), TYPES[".js"]);
    const type = TYPES[extname(path)] ?? "application/octet-stream";
    if (path.startsWith("/page/")) return send(await readFile(join(here, path)), type);
    if (path.startsWith("/npm/")) return send(await readFile(join(modules, path.slice(5))), type);
    if (path.startsWith("/cjs/"))
      return send(asModule(await readFile(join(modules, path.slice(5)), "utf8")), TYPES[".js"]);
    reply.writeHead(404).end();
  } catch (error) {
    process.stderr.write(`${args.user}: ${path}: ${error}\n`);
    reply.writeHead(404).end();
  }
}

const server = createServer(serve);
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const profile = await mkdtemp(join(tmpdir(), `confab-${args.client}-`));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: args.chromium,
  headless: true,
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection", "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--disable-background-timer-throttling", "--disable-renderer-backgrounding",
    ...(args.clip ? [`--use-file-for-fake-video-capture=${resolve(args.clip)}`] : []),
  ],
});

let ended = false;
async function end(code) {
  if (ended) return;
  ended = true;
  await context.close().catch(() => {});
  server.close();
  await rm(profile, { recursive: true, force: true });
  process.exit(code);
}
process.on("SIGTERM", () => end(0));
process.on("SIGINT", () => end(0));

const page = context.pages()[0] ?? (await context.newPage());
page.on("pageerror", (error) => write({ event: "page-error", message: String(error) }));
page.on("console", (message) => process.stderr.write(`${args.user}: ${message.text()}\n`));

const COMMANDS = {
  "join-room": "joinRoom", rooms: "rooms", calls: "calls", "create-call": "createCall",
  "join-call": "joinCall", leave: "leave", mute: "mute", members: "members", tracks: "tracks",
  "wait-media": "waitMedia", stats: "stats", screen: "screen", "invite-again": "inviteAgain",
  invite: "invite", wire: "wire", "restart-ice": "restartIce",
  "send-event": "sendEvent", "block-device": "blockDevice", messages: "messages",
};

try {
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.waitForFunction(() => window.peerReady);
  const who = await page.evaluate((options) => window.peer.login(options), {
    homeserver: HOMESERVER, user: args.user, password: args.password,
    colour: args.colour.split(",").map(Number), toneHz: Number(args.tone), camera: !!args.clip, hidden: args.hidden,
  });
  write({ event: "ready", ...who, toneHz: Number(args.tone), meanRgb: args.colour.split(",").map(Number) });
} catch (error) {
  write({ event: "fatal", error: { code: "failed", message: String(error) } });
  await end(1);
}

for await (const line of createInterface({ input: process.stdin })) {
  if (ended) break;
  if (line.trim() === "") continue;
  const { id, cmd, ...options } = JSON.parse(line);
  if (cmd === "quit") break;
  try {
    if (!(cmd in COMMANDS)) throw new Error(`unknown command ${cmd}`);
    const result = await page.evaluate(([name, o]) => window.peer[name](o), [COMMANDS[cmd], options]);
    write({ id, cmd, ok: true, result });
  } catch (error) {
    write({ id, cmd, ok: false, error: { code: "failed", message: String(error.message ?? error) } });
  }
}
await end(0);
