// One operation of the installer in a process of its own, ended by SIGKILL at a chosen step.
//   crash-child.ts <stateDir> <operation> <argument> <step>
import { operate, plainInstaller } from "./plain-installer.ts";

const [stateDir = "", operation = "", argument = "", fatal] = process.argv.slice(2);
const installer = await plainInstaller(stateDir, (step) => {
  if (step === fatal) process.kill(process.pid, "SIGKILL");
});
await operate(installer, operation, argument);
