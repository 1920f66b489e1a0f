import type { EventEmitter } from "node:events";
import { parentPort, workerData } from "node:worker_threads";
import { Bonjour, type Browser, type Service } from "bonjour-service";
import { type Announcement, freeName, givesWay } from "./announcement.ts";
import type { FromWorker, ToWorker } from "./worker-messages.ts";

/** The ecosystem's type and our own. */
const TYPES = ["openclaw-gw", "sluice"] as const;
/** How long names in use are listened for before one is taken. */
const BROWSE_MS = 1_200;
const GOODBYE_LIMIT_MS = 1_000;
/** Somebody who keeps taking our names is not answered for ever. */
const MAX_RENAMES = 10;
/** Kinds of refusals remembered, so that each is told once. */
const MAX_REPORTED = 20;

const { announcement } = workerData as { announcement: Announcement };
const port = parentPort;
if (!port) throw new Error("this file runs as a worker thread");

const tell = (message: FromWorker) => port.postMessage(message);

/** Announces both service types under one name that nobody else uses, until told to stop. */
class Announcer {
  readonly #bonjour: Bonjour;
  readonly #browsers: Browser[];
  readonly #taken = new Map<string, { host: string; port: number }>();
  #services: Service[] = [];
  #name = "";
  #renames = 0;
  #stopping = false;
  readonly #reported = new Set<string>();

  constructor() {
    // Bound to one interface's own address a socket would never hear a multicast.
    const { interface: address } = announcement;
    const options = address === undefined ? {} : { interface: address, bind: "0.0.0.0" };
    const onError = (error: Error) => tell({ kind: "problem", message: error.message });
    this.#bonjour = new Bonjour(options as ConstructorParameters<typeof Bonjour>[0], onError);
    const { mdns } = (this.#bonjour as unknown as { server: { mdns: EventEmitter } }).server;
    // Broken packets of strangers are warnings too; only what the system refuses is ours to report.
    mdns.on("warning", (warning: NodeJS.ErrnoException) => {
      if (warning.syscall !== undefined && !this.#reported.has(warning.message)) onError(warning);
      if (this.#reported.size < MAX_REPORTED) this.#reported.add(warning.message);
    });
    this.#browsers = TYPES.map((type) => this.#bonjour.find({ type }, (service) => this.#seen(service)));
    setTimeout(() => this.#publish(), BROWSE_MS);
  }

  stop(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    const leave = () => {
      for (const browser of this.#browsers) browser.stop();
      this.#bonjour.destroy(() => process.exit(0));
    };
    setTimeout(() => process.exit(0), GOODBYE_LIMIT_MS);
    // Without a goodbye the name would stay in everybody's cache.
    this.#bonjour.unpublishAll(leave);
  }

  #seen(service: Service): void {
    const other = { host: service.host, port: service.port };
    if (this.#isOwn(other)) return;
    this.#taken.set(service.name.toLowerCase(), other);
    if (service.name.toLowerCase() !== this.#name.toLowerCase()) return;
    if (givesWay(announcement, other)) this.#rename();
  }

  #isOwn(other: { host: string; port: number }): boolean {
    return other.port === announcement.port && other.host.toLowerCase() === announcement.host.toLowerCase();
  }

  #rename(): void {
    if (this.#stopping || this.#renames >= MAX_RENAMES) return;
    this.#renames += 1;
    const former = this.#services;
    this.#services = [];
    for (const service of former) service.stop();
    this.#publish();
  }

  #publish(): void {
    if (this.#stopping) return;
    this.#name = freeName(announcement.name, new Set(this.#taken.keys()));
    const { host, txt } = announcement;
    // Probing is off: the library's own probe falls silent on a clash, and we have looked ourselves.
    this.#services = TYPES.map((type) =>
      this.#bonjour.publish({ name: this.#name, type, port: announcement.port, host, txt, probe: false }),
    );
    this.#services[0]?.once("up", () => tell({ kind: "announced", name: this.#name }));
  }
}

const announcer = new Announcer();
port.on("message", (message: ToWorker) => {
  if (message.kind === "stop") announcer.stop();
});
