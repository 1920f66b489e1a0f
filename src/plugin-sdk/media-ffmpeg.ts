export { runFfmpeg, runFfprobe } from "./media/programs.ts";
