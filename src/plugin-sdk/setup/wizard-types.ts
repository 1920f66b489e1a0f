/** Asks the person who sets a channel up. */
export interface SetupPrompter {
  note(message: string, title?: string): Promise<void>;
  text(params: {
    message: string;
    placeholder?: string;
    initialValue?: string;
    sensitive?: boolean;
    validate?(value: string): string | undefined;
  }): Promise<string>;
  confirm(params: { message: string; initialValue?: boolean }): Promise<boolean>;
  select<T>(params: {
    message: string;
    options: { value: T; label: string; hint?: string }[];
    initialValue?: T;
  }): Promise<T>;
  multiselect?<T>(params: {
    message: string;
    options: { value: T; label: string; hint?: string }[];
    initialValues?: T[];
  }): Promise<T[]>;
  [member: string]: unknown;
}
