import { Type } from "typebox";

/** Nothing but the named members. */
export const closed = { additionalProperties: false } as const;

/** Further members are let through. */
export const open = { additionalProperties: true } as const;

export const Text = Type.String({ minLength: 1 });

/** Names a channel, an account, a chat, a row. */
export const Id = Type.String({ minLength: 1, maxLength: 512 });

/** A member that the protocol names and this gateway does not read. */
export const Any = Type.Optional(Type.Unknown());

/** Files that come with a message. */
export const AttachmentList = Type.Array(
  Type.Object(
    {
      type: Type.Optional(Type.String()),
      mimeType: Type.Optional(Type.String()),
      fileName: Type.Optional(Type.String()),
      content: Type.Optional(Type.Unknown()),
    },
    open,
  ),
);
