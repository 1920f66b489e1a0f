/** The zod that the SDK's own schemas are made with, for plugins that bring none. */
export { z } from "zod";
