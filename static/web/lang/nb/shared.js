// Norwegian: what the modules of both pages say.
export default {
  "notice.refused": "Det gikk ikke. Prøv igjen.",

  "sharing.taken": "# presenterer nå. Skjermen din deles ikke lenger.",
  "sharing.over": "Skjermen din deles ikke lenger.",
  "sharing.refused": "Rommet tar ikke imot skjermen din nå. Prøv igjen.",
  "sharing.blocked": "Nettleseren lar ikke denne siden dele skjerm. Åpne den i et eget vindu, og prøv igjen.",
  "sharing.whole": "Del en fane eller et vindu, ikke hele skjermen.",

  "button.camera-off": "Slå av kamera",
  "button.camera-on": "Slå på kamera",
  "button.share": "Del skjerm",
  "button.unshare": "Stopp deling",
  "button.chat": "Chat",
  "button.slides-large": "Vis presentasjonen stort",

  "chat.log": "Meldinger",
  "chat.empty": "Ingenting er skrevet ennå. Alle i rommet leser det du skriver.",
  "chat.text": "Melding til alle",
  "chat.send": "Send",
  "chat.you": "Du",
  "chat.unread": "# uleste",
  "chat.new": "Ny melding fra #",

  "settings.camera": "Kamera",
  "settings.any-camera": "Nettleserens valg"
};
