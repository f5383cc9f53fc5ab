// /system/greet: news for the client's user, before login too; there is none.

export async function greet(): Promise<{ messages: never[] }> {
  return { messages: [] };
}
