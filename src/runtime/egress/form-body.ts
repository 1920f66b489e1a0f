/** Forms are encoded here: the transport would not know the global class for its own. */
export async function encodedForm(init: RequestInit): Promise<RequestInit> {
  if (!(init.body instanceof FormData)) return init;
  const form = new Response(init.body);
  const headers = new Headers(init.headers);
  headers.set("content-type", form.headers.get("content-type") as string);
  return { ...init, headers, body: await form.arrayBuffer() };
}
