import type { Command } from "commander";
import { type CliEnvironment, CommandContext } from "../context.ts";
import { ago, table } from "../output/table.ts";

interface Account {
  accountId: string;
  running?: boolean;
  connected?: boolean;
  lifecycle?: string;
  lastInboundAt?: number;
  lastOutboundAt?: number;
  lastError?: string;
}

interface PairingRequest {
  requestId: string;
  channel: string;
  accountId: string;
  senderId: string;
  senderLabel: string;
  createdAt: string;
}

/** `sluice channels` and `sluice pairing`. */
export function registerChannels(program: Command, environment: CliEnvironment): void {
  const channels = program.command("channels").description("chat channels: what runs, what is connected");
  channels
    .command("status")
    .description("tell how every channel account is")
    .addHelpText("after", "\nExample:\n  $ sluice channels status\n")
    .action(async (_options: object, command: Command) => {
      const context = new CommandContext(environment, command);
      const result = await context.call<{ channelAccounts: Record<string, Account[]> }>(
        "channels.status",
        {},
        "operator.read",
      );
      context.output.result(result, (value, width) =>
        table(
          ["CHANNEL", "ACCOUNT", "STATE", "CONNECTED", "LAST IN", "LAST OUT", "ERROR"],
          Object.entries(value.channelAccounts).flatMap(([channel, accounts]) =>
            accounts.map((account) => [
              channel,
              account.accountId,
              account.lifecycle ?? (account.running ? "running" : "stopped"),
              account.connected === undefined ? "" : account.connected ? "yes" : "no",
              ago(account.lastInboundAt, context.clock.now()),
              ago(account.lastOutboundAt, context.clock.now()),
              account.lastError,
            ]),
          ),
          "No channel is configured.",
          width,
        ),
      );
    });

  const pairing = program.command("pairing").description("senders that ask to be let in");
  pairing
    .command("list [channel]")
    .description("list the senders that wait for an approval")
    .action(async (channel: string | undefined, _options: object, command: Command) => {
      const context = new CommandContext(environment, command);
      const result = await context.call<{ requests: PairingRequest[] }>(
        "channels.pairing.list",
        channel === undefined ? {} : { channel },
        "operator.pairing",
      );
      context.output.result(result, (value, width) =>
        table(
          ["CODE", "CHANNEL", "ACCOUNT", "SENDER", "NAME", "SINCE"],
          value.requests.map((row) => [
            row.requestId,
            row.channel,
            row.accountId,
            row.senderId,
            row.senderLabel,
            ago(Date.parse(row.createdAt), context.clock.now()),
          ]),
          "Nobody waits.",
          width,
        ),
      );
    });
  for (const [verb, summary, word] of [
    ["approve", "let the sender in that was given this code", "Approved"],
    ["dismiss", "forget a request without letting the sender in", "Dismissed"],
  ] as const) {
    pairing
      .command(`${verb} <channel> <code>`)
      .description(summary)
      .option("--account <id>", "account of the channel, when it has several")
      .addHelpText("after", `\nExample:\n  $ sluice pairing ${verb} irc ABCD2345\n`)
      .action(async (channel: string, code: string, options: { account?: string }, command: Command) => {
        const context = new CommandContext(environment, command);
        const result = await context.call<{ senderId: string }>(
          `channels.pairing.${verb}`,
          { channel, code, ...(options.account === undefined ? {} : { accountId: options.account }) },
          "operator.pairing",
        );
        context.output.result(result, (value) => `${word} ${value.senderId}.`);
      });
  }
}
