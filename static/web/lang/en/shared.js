// English: what the modules of both pages say.
export default {
  "notice.refused": "That did not work. Please try again.",

  "sharing.taken": "# presents now. Your screen is not shared any more.",
  "sharing.over": "Your screen is not shared any more.",
  "sharing.refused": "The room does not take your screen now. Please try again.",
  "sharing.blocked": "The browser does not let this page share a screen. Open it in a window of its own and try again.",
  "sharing.whole": "Please share a tab or a window, not the whole screen.",

  "button.camera-off": "Turn camera off",
  "button.camera-on": "Turn camera on",
  "button.share": "Share screen",
  "button.unshare": "Stop sharing",
  "button.chat": "Chat",
  "button.slides-large": "Show the presentation large",

  "chat.log": "Messages",
  "chat.empty": "Nothing has been written yet. Everybody in the room reads what you write.",
  "chat.text": "Message to everybody",
  "chat.send": "Send",
  "chat.you": "You",
  "chat.unread": "# unread",
  "chat.new": "New message from #",

  "settings.camera": "Camera",
  "settings.any-camera": "The browser's choice"
};
