// /system/greet: news for the client's user, also before login. There are none.

export async function greet(): Promise<{ messages: never[] }> {
  return { messages: [] };
}
