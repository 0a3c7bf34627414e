// Spanish: what the modules of both pages say.
export default {
  "notice.refused": "No ha funcionado. Inténtelo de nuevo.",

  "sharing.taken": "Ahora presenta #. Su pantalla ya no se comparte.",
  "sharing.over": "Su pantalla ya no se comparte.",
  "sharing.refused": "La sala no acepta su pantalla en este momento. Inténtelo de nuevo.",
  "sharing.blocked": "El navegador no deja que esta página comparta la pantalla. Ábrala en una ventana propia e inténtelo de nuevo.",
  "sharing.whole": "Comparta una pestaña o una ventana, no toda la pantalla.",

  "button.camera-off": "Apagar cámara",
  "button.camera-on": "Encender cámara",
  "button.share": "Compartir pantalla",
  "button.unshare": "Dejar de compartir",
  "button.chat": "Chat",
  "button.slides-large": "Ver la presentación en grande",

  "chat.log": "Mensajes",
  "chat.empty": "Todavía no se ha escrito nada. Todos en la sala leen lo que usted escribe.",
  "chat.text": "Mensaje para todos",
  "chat.send": "Enviar",
  "chat.you": "Usted",
  "chat.unread": "# sin leer",
  "chat.new": "Mensaje nuevo de #",

  "settings.camera": "Cámara",
  "settings.any-camera": "La que elija el navegador"
};
