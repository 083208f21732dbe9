/**
 * `/ws`: the event stream.
 *
 * @module
 */

import type { ClientSocket } from "../../clients.ts";
import { type Exchange, text } from "../../http.ts";
import type { Routes } from "./route.ts";

/** The WebSocket route. */
export const SOCKET_ROUTES: Routes = {
  "GET /ws": { handle: openSocket },
};

function openSocket({ process, request, query, connection }: Exchange): Response {
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
    return text(400, 'Can "Upgrade" only to "WebSocket".');
  }
  const clientId = query.get("clientId") || crypto.randomUUID().replaceAll("-", "");
  // No pings: the real server sends none, so a dead peer goes unnoticed there, too.
  const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
  const { clients, log, socketConnections } = process;
  const client: ClientSocket = {
    send: (data) => socket.readyState === WebSocket.OPEN && socket.send(data),
    close: (code) => socket.close(code),
  };
  let isFirst = true;
  socket.onopen = () => {
    socketConnections.add(connection);
    clients.add(clientId, client);
    log.emit({ type: "socket_open", clientId });
  };
  socket.onmessage = ({ data }) => {
    if (typeof data !== "string") return;
    if (clients.receive(clientId, client, data, isFirst)) isFirst = false;
  };
  socket.onclose = () => {
    socketConnections.delete(connection);
    clients.remove(clientId);
    log.emit({ type: "socket_close", clientId });
  };
  socket.onerror = (event) => event.preventDefault();
  return response;
}
