package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/videoleg/videoleg/e2e/browser"
)

// TestCustomerPage: the check before the call, then messages and devices in it, as a customer who
// listens to the page would use them.
func TestCustomerPage(t *testing.T) {
	c := start(t, options{})
	b := browser.Start(t)
	desktop := b.Open(c.cloud.URL + "/?agent=ada")
	customer := b.Open(c.customer, browser.Size(360, 740))
	customer.AwaitTrue(`["good", "slow"].includes(document.querySelector("#network").dataset.verdict)`)
	customer.Button("Play a test sound").Click()
	customer.AwaitText("You should hear three notes.")
	customer.Find("meter", "Microphone level").Await() // once the browser has granted the devices
	for _, name := range []string{"Your name", "Microphone level", "Your camera", "Start video call", "Choose devices"} {
		if outline := customer.Outline(); !strings.Contains(outline, name) {
			t.Errorf("nothing is called %q to assistive technology:\n%s", name, outline)
		}
	}
	customer.Field("Your name").Type("Grace")
	customer.Find("checkbox", agreement).Press(" ")
	customer.Button("Start video call").Click()
	desktop.Button("Answer").Click()
	widget := desktop.Frame("Video")
	widget.AwaitStatus("In call")
	customer.Video("Agent video").AwaitMoving()

	widget.Button("Chat").Click()
	widget.Field("Message to everybody").Type("How can I help?")
	widget.Button("Send").Click()
	customer.AwaitTrue(`document.querySelector("#chat-mark").innerText === "1"`)
	customer.Button("Chat").Click()
	customer.AwaitText("How can I help?")
	customer.Field("Message to everybody").Type("<b>Like this</b>")
	customer.Field("Message to everybody").Press(kb.Enter)
	widget.AwaitText("<b>Like this</b>")

	customer.Button("Devices").Click()
	for _, list := range []string{"Camera", "Microphone", "Speaker"} {
		customer.Find("combobox", list).AwaitTrue(`this.options.length > 1`)
	}
	var second string
	customer.Find("combobox", "Microphone").Eval(`this.options[2].value`, &second)
	customer.Eval(`(window.ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices),
		window.plugged = true,
		navigator.mediaDevices.getUserMedia = async (what) => {
			window.asked = what;
			if (!window.plugged) throw new DOMException("", "NotFoundError");
			return window.ask(what);
		}, 0)`, nil)
	customer.Find("combobox", "Microphone").Eval(`[1, 2].forEach((n) => { // one while the other starts
		this.value = this.options[n].value;
		this.dispatchEvent(new Event("change"));
	})`, nil)
	customer.AwaitTrue(`window.asked?.audio?.deviceId.ideal === "` + second + `"`)
	before := c.customers()[0].AudioIn.Packets
	customer.Video("Agent video").AwaitFrames(10)
	if after := c.customers()[0].AudioIn.Packets; after == before {
		t.Error("nothing is heard of the customer after a choice of the microphone")
	}

	var done bool
	customer.Eval(`(() => {
		window.plugged = false;
		const [track] = document.querySelector("#tile video").srcObject.getTracks();
		track.stop();
		return track.dispatchEvent(new Event("ended"));
	})()`, &done)
	customer.AwaitText("The agent cannot see you: no camera was found.")
	customer.Eval(`(window.plugged = true, navigator.mediaDevices.dispatchEvent(new Event("devicechange")))`, &done)
	customer.Video("Your camera").AwaitMoving()
	widget.Video("Customer video").AwaitMoving()
}

// TestLanguages: each page speaks the language of whom it is for.
func TestLanguages(t *testing.T) {
	c := start(t, options{env: map[string]string{"ADHOC_SESSIONS": "false", "API_KEYS": inviteKey}})
	b := browser.Start(t)
	for _, tc := range []struct{ locale, browser, start string }{
		{"", "nn-NO", "Start videosamtale"},
		{"de", "fr", "Videoanruf starten"},
		{"fi", "es-MX", "Iniciar videollamada"},
	} {
		p := b.Open(c.invite(`{"locale":"`+tc.locale+`"}`), browser.Language(tc.browser), browser.Size(360, 740))
		p.Button(tc.start).Await()
		p.Close()
	}
	b.Open(c.customer, browser.Language("fr-CA")).AwaitAlert("Une invitation est nécessaire")
	b.Open(c.agent + "/?pcLangTag=de&pcConversationId=").AwaitAlert("Öffnen Sie sie aus einer Interaktion")
}
