// German: what the modules of both pages say.
export default {
  "notice.refused": "Das hat nicht geklappt. Bitte versuchen Sie es noch einmal.",

  "sharing.taken": "# präsentiert jetzt. Ihr Bildschirm wird nicht mehr geteilt.",
  "sharing.over": "Ihr Bildschirm wird nicht mehr geteilt.",
  "sharing.refused": "Der Raum nimmt Ihren Bildschirm gerade nicht an. Bitte versuchen Sie es noch einmal.",
  "sharing.blocked": "Der Browser lässt diese Seite keinen Bildschirm teilen. Öffnen Sie sie in einem eigenen Fenster und versuchen Sie es noch einmal.",
  "sharing.whole": "Bitte teilen Sie einen Tab oder ein Fenster, nicht den ganzen Bildschirm.",

  "button.camera-off": "Kamera ausschalten",
  "button.camera-on": "Kamera einschalten",
  "button.share": "Bildschirm teilen",
  "button.unshare": "Teilen beenden",
  "button.chat": "Chat",
  "button.slides-large": "Präsentation groß zeigen",

  "chat.log": "Nachrichten",
  "chat.empty": "Es wurde noch nichts geschrieben. Alle im Raum lesen, was Sie schreiben.",
  "chat.text": "Nachricht an alle",
  "chat.send": "Senden",
  "chat.you": "Sie",
  "chat.unread": "# ungelesen",
  "chat.new": "Neue Nachricht von #",

  "settings.camera": "Kamera",
  "settings.any-camera": "Wahl des Browsers"
};
