import { expect, it } from "vitest";
import {
  MAX_OBSERVERS,
  MAX_WAITING_OBSERVERS,
  ObserverSeats,
} from "../../../src/plugins/hooks/observer-seats.ts";

it("seats sixteen observers, lets 256 wait, sends the next one away and hands free places on", async () => {
  const seats = new ObserverSeats();
  for (let index = 0; index < MAX_OBSERVERS; index++) expect(await seats.take()).toBe(true);

  const seated: number[] = [];
  const waiting = Array.from({ length: MAX_WAITING_OBSERVERS }, async (_, index) => {
    expect(await seats.take()).toBe(true);
    seated.push(index);
  });
  expect(await seats.take()).toBe(false);
  expect(seated).toEqual([]);

  seats.leave();
  await waiting[0];
  expect(seated).toEqual([0]);

  for (let index = 1; index < MAX_WAITING_OBSERVERS; index++) seats.leave();
  await Promise.all(waiting);
  expect(seated).toEqual(Array.from({ length: MAX_WAITING_OBSERVERS }, (_, index) => index));

  // Everybody leaves: the whole room is free again.
  for (let index = 0; index < MAX_OBSERVERS; index++) seats.leave();
  for (let index = 0; index < MAX_OBSERVERS; index++) expect(await seats.take()).toBe(true);
});
