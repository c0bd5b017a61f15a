/* Shows what a push service brings, and opens where it leads. */
"use strict";

self.addEventListener("push", (event) => {
  const { title, url, ...shown } = event.data.json();
  event.waitUntil(
    self.registration.showNotification(title, { ...shown, dir: "auto", icon: "/assets/icon.svg", data: url }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow(event.notification.data));
});
