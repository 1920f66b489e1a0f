/** Building providers of videos. */
export { buildDashscopeVideoGenerationProvider } from "./media/dashscope-video.ts";
