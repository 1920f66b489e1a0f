/** The person ended the questions. */
export class WizardCancelledError extends Error {
  override readonly name = "WizardCancelledError";

  constructor(message = "the set-up was cancelled") {
    super(message);
  }
}
