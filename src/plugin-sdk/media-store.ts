export { saveMediaBuffer, saveMediaStream } from "./media/media-store.ts";
