// French: what the modules of both pages say.
export default {
  "notice.refused": "Cela n'a pas fonctionné. Veuillez réessayer.",

  "sharing.taken": "# présente maintenant. Votre écran n'est plus partagé.",
  "sharing.over": "Votre écran n'est plus partagé.",
  "sharing.refused": "La salle n'accepte pas votre écran pour le moment. Veuillez réessayer.",
  "sharing.blocked": "Le navigateur empêche cette page de partager un écran. Ouvrez-la dans sa propre fenêtre et réessayez.",
  "sharing.whole": "Veuillez partager un onglet ou une fenêtre, pas l'écran entier.",

  "button.camera-off": "Couper la caméra",
  "button.camera-on": "Activer la caméra",
  "button.share": "Partager l'écran",
  "button.unshare": "Arrêter le partage",
  "button.chat": "Chat",
  "button.slides-large": "Afficher la présentation en grand",

  "chat.log": "Messages",
  "chat.empty": "Rien n'a encore été écrit. Tout le monde dans la salle lit ce que vous écrivez.",
  "chat.text": "Message à tous",
  "chat.send": "Envoyer",
  "chat.you": "Vous",
  "chat.unread": "# non lus",
  "chat.new": "Nouveau message de #",

  "settings.camera": "Caméra",
  "settings.any-camera": "Au choix du navigateur"
};
