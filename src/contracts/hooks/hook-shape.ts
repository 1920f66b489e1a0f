/** What one hook gives its handlers, and what they may answer. */
export interface HookShape<Event extends object, Context extends object, Result = void> {
  event: Event;
  context: Context;
  result: Result;
}
