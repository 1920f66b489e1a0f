/** An answer whose body frees its connection when it was read, cancelled or failed. */
export function responseWithRelease(response: Response, release: () => Promise<void>): Response {
  let released = false;
  const free = async () => {
    if (released) return;
    released = true;
    await release();
  };
  if (!response.body) {
    void free();
    return response;
  }
  const reader = response.body.getReader();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        controller.close();
        await free();
      } catch (error) {
        controller.error(error);
        await free();
      }
    },
    async cancel(reason) {
      await reader.cancel(reason);
      await free();
    },
  });
  const wrapped = new Response(body, {
    status: response.status,
    statusText: response.statusText,
    headers: response.headers,
  });
  return Object.defineProperty(wrapped, "url", { value: response.url });
}
