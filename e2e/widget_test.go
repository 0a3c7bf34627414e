package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/videoleg/videoleg/e2e/browser"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

// guest is somebody with a client of his own in the customer's room.
type guest struct {
	t    testing.TB
	room string // address of the conference
	tok  string
	uuid string
}

// guest comes into the room of the call.
func (c *centre) guest(name string) *guest {
	c.t.Helper()
	room := c.node.Conferences()[0].Name
	g := &guest{t: c.t, room: c.node.URL + "/api/client/v2/conferences/cus" + room + "/"}
	var answer struct {
		Token string
		UUID  string `json:"participant_uuid"`
	}
	g.post("request_token", map[string]string{"display_name": name}, &answer)
	g.tok, g.uuid = answer.Token, answer.UUID
	return g
}

func (g *guest) post(path string, body, result any) {
	g.t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		g.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(g.t.Context(), "POST", g.room+path, strings.NewReader(string(data)))
	if err != nil {
		g.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("pin", "none")
	r.Header.Set("token", g.tok)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		g.t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(&struct{ Result any }{result}); err != nil || answer.StatusCode != 200 {
		g.t.Fatalf("%s: %s, %v", path, answer.Status, err)
	}
}

// keepCopies lets the test see what the page copies.
func keepCopies(d *browser.Document) {
	var done bool
	d.Eval(`Boolean(navigator.clipboard.writeText = async (text) => { window.copied = text })`, &done)
}

func copied(d *browser.Document) (text string) {
	d.AwaitTrue(`window.copied`)
	d.Eval(`window.copied`, &text)
	return text
}

func TestRecordingIsShown(t *testing.T) {
	c := start(t, options{})
	b := browser.Start(t)
	_, _, widget := c.call(b)
	for _, step := range []struct{ state, word string }{
		{"active", "Recording"}, {"paused", "Paused"}, {"active", "Recording"}, {"none", "Not recorded"},
	} {
		if err := c.conversation().Record(step.state); err != nil {
			t.Fatal(err)
		}
		widget.AwaitTrue(`document.querySelector("#recording").innerText === "` + step.word + `"`)
	}
}

func TestHoldMutesCustomer(t *testing.T) {
	c := start(t, options{env: map[string]string{"HOLD_MUTES_CUSTOMER": "true"}})
	b := browser.Start(t)
	desktop, _, widget := c.call(b)
	desktop.Button("Hold").Click()
	widget.AwaitText("Call on hold")
	widget.Video("Customer video").AwaitStill(500 * time.Millisecond)
	desktop.Button("Resume").Click()
	widget.Video("Customer video").AwaitMoving()
	widget.AwaitText("Video restored: the customer can see you")
}

func TestLockAndPeople(t *testing.T) {
	c := start(t, options{})
	b := browser.Start(t)
	_, _, widget := c.call(b)
	widget.Button("Lock room").Click()
	widget.Button("Unlock room").Await()
	if room := c.node.Conferences()[0]; !room.Locked {
		t.Errorf("the room is %+v, want it locked", room)
	}
	eve := c.guest("Eve")
	widget.AwaitText("Eve waits to be let in.")
	widget.Button("People").Click()
	widget.AwaitText("Phone call")
	widget.Button("Admit: Eve").Click()
	widget.Button("Mute: Eve").Click()
	widget.Button("Unmute: Eve").Await()
	for _, p := range c.node.Participants("") {
		if p.UUID == eve.uuid && (p.ServiceType != "conference" || !p.Muted) {
			t.Errorf("Eve is %+v, want her admitted and muted", p)
		}
		if p.Protocol == "sip" && p.Muted {
			t.Errorf("the phone is muted: %+v", p)
		}
	}
	if widget.Button("Remove: Phone call").Exists() || widget.Button("Mute: Phone call").Exists() {
		t.Error("the phone's leg can be muted or removed")
	}
	widget.Button("Remove: Eve").Click()
	widget.Button("Really? Remove: Eve").Click()
	widget.Button("Remove: Eve").AwaitGone()
	widget.Button("Unlock room").Click()
	widget.Button("Lock room").Await()
}

func TestChat(t *testing.T) {
	c := start(t, options{})
	b := browser.Start(t)
	desktop, _, widget := c.call(b)
	eve := c.guest("Eve")
	eve.post("message", map[string]string{"type": "text/plain", "payload": "<b>Good morning</b>"}, nil)
	widget.AwaitTrue(`document.querySelector("#chat-mark").innerText === "1"`)
	widget.Button("Chat").Click()
	widget.AwaitText("<b>Good morning</b>")
	widget.AwaitTrue(`!document.querySelector("#chat-mark").innerText`)
	widget.Field("Message to everybody").Type("How can I help?")
	widget.Button("Send").Click()
	widget.AwaitText("You · ")
	desktop.Button("Reload widget").Click()
	widget.AwaitTrue("performance.now() < 60000")
	eve.post("message", map[string]string{"type": "text/plain", "payload": "One more"}, nil)
	widget.AwaitTrue(`document.querySelector("#chat-mark").innerText === "1"`) // what was read before stays read
	widget.Button("Chat").Click()
	widget.AwaitText("How can I help?") // the server has kept it
}

func TestStatistics(t *testing.T) {
	inBothModes(t, func(t *testing.T, env map[string]string) {
		c := start(t, options{env: env})
		b := browser.Start(t)
		_, _, widget := c.call(b)
		keepCopies(widget)
		widget.Button("Statistics").Click()
		widget.Find("image", "Bitrate of the last minute").Await()
		hops := map[string]string{"relay": "Server – video room", "bypass": "Browser – video room"}
		widget.AwaitText(hops[env["MEDIA_MODE"]])
		widget.AwaitTrue(`[...document.querySelectorAll("#panel td")].every(cell => cell.innerText !== "–")`) // each way, each hop
		widget.Button("Copy report").Click()
		if report := copied(widget); !strings.Contains(report, "codec: sent VP8, received VP8") || !strings.Contains(report, "×") {
			t.Errorf("the report of the statistics:\n%s", report)
		}
	})
}

// TestSupportReport tells the story, and no secret.
func TestSupportReport(t *testing.T) {
	c := start(t, options{})
	b := browser.Start(t)
	desktop, _, widget := c.call(b)
	keepCopies(widget)
	desktop.Button("Hold").Click()
	widget.AwaitStatus("On hold")
	widget.Button("Copy support report").Click()
	report := copied(widget)
	for _, want := range []string{
		"conversation " + c.conversation().ID(), "rule  on-hold", "action  SetVideo{On:false}", "state  On hold/held", "kbps: sent",
	} {
		if !strings.Contains(report, want) {
			t.Errorf("the report lacks %q:\n%s", want, report)
		}
	}
	for _, secret := range append(c.allSecrets(), "Ada", "Grace", "conversationid=") {
		if strings.Contains(report, secret) {
			t.Errorf("the report has %q in it", secret)
		}
	}
}

func TestSettingsAreRemembered(t *testing.T) {
	c := start(t, options{})
	b := browser.Start(t)
	desktop, _, widget := c.call(b)
	widget.Button("Settings").Click()
	widget.Checkbox("Mirror my picture (only I see it so)").Click()
	widget.AwaitText("This browser offers no blur")
	choose(widget, "Quality", "low")
	widget.Button("Hide your picture").Click()
	desktop.Button("Reload widget").Click()
	widget.AwaitTrue("performance.now() < 60000")
	widget.Button("Show your picture").Click()
	widget.AwaitText("Customer can see you")
	widget.AwaitTrue(`!document.querySelector("#self video").classList.contains("mirrored")`)
	widget.Button("Settings").Click()
	widget.Find("combobox", "Quality").AwaitTrue(`this.value === "low"`)
}

func choose(d *browser.Document, name, value string) {
	var done bool
	d.Find("combobox", name).Eval(`(this.value = "`+value+`", this.dispatchEvent(new Event("change")))`, &done)
}

// TestSelfViewMoves: by mouse, by button and by keys.
func TestSelfViewMoves(t *testing.T) {
	c := start(t, options{})
	b := browser.Start(t)
	_, _, widget := c.call(b)
	at := func(side, edge string) {
		t.Helper()
		widget.AwaitTrue(`(() => {
			const tile = document.querySelector("#self").getBoundingClientRect(), stage = document.querySelector(".stage").getBoundingClientRect();
			const left = tile.left - stage.left < stage.right - tile.right, top = tile.top - stage.top < stage.bottom - tile.bottom;
			return left === ("` + side + `" === "left") && top === ("` + edge + `" === "top");
		})()`)
	}
	at("right", "bottom")
	widget.Video("Your camera").Drag(-200, 0)
	at("left", "bottom")
	widget.Button("Move your picture").Press(kb.ArrowUp)
	at("left", "top")
	widget.Button("Move your picture").Click()
	at("left", "bottom")
}

// TestCameraUnplugged: another camera stands in, and the agent is told.
func TestCameraUnplugged(t *testing.T) {
	c := start(t, options{})
	b := browser.Start(t)
	_, customer, widget := c.call(b)
	var done bool
	widget.Video("Your camera").Eval(`(() => {
		const [track] = this.srcObject.getTracks();
		track.stop();
		return track.dispatchEvent(new Event("ended"));
	})()`, &done)
	widget.AwaitText("is gone. The customer now sees you through")
	widget.AwaitText("Customer can see you")
	customer.Video("Agent video").AwaitMoving()
}

// TestInvitationLink brings the customer back on another device, into the same call.
func TestInvitationLink(t *testing.T) {
	c := start(t, options{})
	b := browser.Start(t)
	_, _, widget := c.call(b)
	keepCopies(widget)
	widget.Button("Copy invitation link").Click()
	link := copied(widget)
	widget.AwaitText("The invitation link is copied.")
	if !strings.HasPrefix(link, c.customer+"/i/") {
		t.Fatalf("the invitation link is %q", link)
	}
	phone := b.Open(link, browser.Size(390, 800))
	phone.Field("Your name").Type("Grace")
	phone.Find("checkbox", agreement).Press(" ")
	phone.Button("Start video call").Click()
	phone.Video("Agent video").AwaitMoving()
	widget.Video("Customer video").AwaitMoving()
	if got := c.customers(); len(got) != 1 {
		t.Errorf("%d customers in the room, want one", len(got))
	}
}

// TestCameraTaken: another program has the camera after a hold. The agent is told, and seen again once it is free.
func TestCameraTaken(t *testing.T) {
	c := start(t, options{})
	b := browser.Start(t)
	desktop, customer, widget := c.call(b)
	var done bool
	widget.Eval(`((late, ask) => {
		window.setTimeout = (f, ms, ...rest) => late(f, ms === 5000 ? 500 : ms, ...rest); // less of a pause
		navigator.mediaDevices.getUserMedia = async (wish) => {
			if (!window.free) throw new DOMException("in use", "NotReadableError");
			return ask.call(navigator.mediaDevices, wish);
		};
		return true;
	})(window.setTimeout, navigator.mediaDevices.getUserMedia)`, &done)
	desktop.Button("Hold").Click()
	widget.AwaitStatus("On hold")
	desktop.Button("Resume").Click()
	widget.AwaitText("Camera in use · Customer can't see you")
	widget.AwaitText("another program uses your camera")
	c.awaitAgent("is muted", func(p pexrtctest.Participant) bool { return p.VideoMuted })
	widget.Eval(`window.free = true`, &done)
	widget.AwaitText("Customer can see you")
	customer.Video("Agent video").AwaitMoving()
}
