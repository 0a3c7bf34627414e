package browser

import (
	"compress/gzip"
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/gorilla/websocket"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// site serves pages of its own by path.
func site(t *testing.T, pages map[string]string) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	for path, body := range pages {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, "<!doctype html><html lang=en><title>Test</title>", body)
		})
	}
	return serve(t, mux)
}

func serve(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv
}

// otherSite is the same server under a name that browsers take for another site.
func otherSite(url string) string { return strings.Replace(url, "127.0.0.1", "localhost", 1) }

const form = `<main>
	<label>Name <input id=name></label>
	<button id=go disabled>Go</button>
	<div role=status id=status>Waiting</div>
	<div role=alert id=alert></div>
	<script>
		setTimeout(() => go.disabled = false, 100);
		go.onclick = e => { status.textContent = 'Hello ' + document.getElementById('name').value + (e.isTrusted && navigator.userActivation.isActive ? '!' : '?') };
		document.getElementById('name').onkeydown = e => { if (e.key === 'Enter') document.getElementById('alert').textContent = 'No Enter here' };
	</script>
</main>`

func TestElements(t *testing.T) {
	inner := site(t, map[string]string{"/": strings.ReplaceAll(form, "status.text", "document.getElementById('status').text")})
	outer := site(t, map[string]string{
		"/": strings.ReplaceAll(form, "status.text", "document.getElementById('status').text"),
		"/frames": `<h1>Desk</h1><p style="height:700px">Tall</p>
			<iframe title="Same" src="` + inner.URL + `" style="border:7px solid;margin:20px"></iframe>
			<iframe title="Other" src="` + otherSite(inner.URL) + `" style="padding:9px"></iframe>`,
		"/nested": `<iframe title="Outer" src="` + otherSite(inner.URL) + `/" hidden></iframe><iframe title="Middle" src="/frames" width=600 height=900></iframe>`,
	})
	tests := []struct {
		name, path string
		frames     []string
	}{
		{"page", "/", nil},
		{"frame of the same site", "/frames", []string{"Same"}},
		{"frame of another site", "/frames", []string{"Other"}},
		{"frame of another site in a frame", "/nested", []string{"Middle", "Other"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := &Start(t).Open(outer.URL + tt.path).Document
			for _, name := range tt.frames {
				f = f.Frame(name)
			}
			f.AwaitStatus("Waiting")
			f.Field("Name").Type("nobody")
			f.Field("Name").Type("Ada")
			f.Field("Name").Press(" L" + kb.Enter)
			f.Button("Go").Click()
			f.AwaitStatus("Hello Ada L!")
			f.AwaitAlert("Enter")
			if got := f.Alert(); got != "No Enter here" {
				t.Errorf("got alert %q", got)
			}
			if f.Button("Stop").Exists() || !f.Button("Go").Exists() {
				t.Error("the wrong buttons exist")
			}
			if got := f.Outline(); !strings.Contains(got, `button "Go"`) || !strings.Contains(got, "value=Ada L") {
				t.Errorf("got outline\n%s", got)
			}
		})
	}
}

func TestAFrameOutlivesItsReload(t *testing.T) {
	visits := 0
	inner := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		visits++
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<div role=status>Visit %d</div><button onclick="location.reload()">Again</button>`, visits)
	}))
	outer := site(t, map[string]string{"/": `<iframe title="Widget" src="` + otherSite(inner.URL) + `/w"></iframe>`})
	p := Start(t).Open(outer.URL)
	widget := p.Frame("Widget")
	before := widget.Status()
	widget.Button("Again").Click()
	widget.AwaitTrue(`document.querySelector('[role=status]').textContent !== '` + before + `'`)
	p.Reload()
	widget.Button("Again").Await()
	if got := widget.URL(); got != otherSite(inner.URL)+"/w" {
		t.Errorf("got address %q", got)
	}
}

func TestWaiting(t *testing.T) {
	srv := site(t, map[string]string{"/": `
		<div id=box></div><a href="/x">Away</a><input type=checkbox aria-label="I agree">
		<script>
			setTimeout(() => box.innerHTML = '<button onclick="this.remove()">Late</button><p>Some words</p>', 150);
			const drag = document.createElement('div');
			drag.setAttribute('role', 'slider'); drag.setAttribute('aria-label', 'Self-view'); drag.tabIndex = 0;
			drag.style = 'position:absolute;left:50px;top:200px;width:40px;height:40px';
			drag.onpointerdown = e => drag.setPointerCapture(e.pointerId);
			drag.onpointermove = e => { if (e.buttons) drag.style.left = e.clientX - 20 + 'px' };
			document.body.append(drag);
		</script>`})
	p := Start(t).Open(srv.URL)
	p.AwaitText("Some words")
	p.Button("Late").Click()
	p.Button("Late").AwaitGone()
	p.Checkbox("I agree").Click()
	p.Checkbox("I agree").AwaitTrue(`this.checked`)
	p.Link("Away").Await()
	p.Find("slider", "Self-view").Drag(100, 0)
	p.Find("slider", "Self-view").AwaitTrue(`this.style.left === '150px'`)
	var sum int
	p.Eval(`Promise.resolve(1).then(n => n + 2)`, &sum)
	if sum != 3 {
		t.Errorf("got %d, want 3", sum)
	}
}

const call = `
	<video aria-label="Your camera" autoplay muted playsinline></video>
	<video aria-label="Customer video" autoplay muted playsinline></video>
	<button>Dark</button>
	<script type=module>
		const [self, far] = document.querySelectorAll('video');
		const camera = await navigator.mediaDevices.getUserMedia({video: true});
		self.srcObject = camera;
		const [a, b] = [new RTCPeerConnection(), new RTCPeerConnection()];
		a.onicecandidate = e => b.addIceCandidate(e.candidate);
		b.onicecandidate = e => a.addIceCandidate(e.candidate);
		b.ontrack = e => far.srcObject = e.streams[0];
		const sender = a.addTrack(camera.getTracks()[0], camera);
		await a.setLocalDescription(); await b.setRemoteDescription(a.localDescription);
		await b.setLocalDescription(); await a.setRemoteDescription(b.localDescription);
		document.querySelector('button').onclick = () => sender.replaceTrack(null);
	</script>`

func TestVideo(t *testing.T) {
	inner := site(t, map[string]string{"/": call})
	outer := site(t, map[string]string{"/": `<iframe title="Video" allow="camera *" src="` + otherSite(inner.URL) + `" width=800 height=700></iframe>`})
	p := Start(t).Open(outer.URL)
	f := p.Frame("Video")
	f.Video("Your camera").AwaitMoving()
	far := f.Video("Customer video")
	far.AwaitFrames(10)
	far.AwaitMoving()
	if got := far.Picture(); got.Width == 0 || got.Brightness < 8 {
		t.Errorf("got picture %+v", got)
	}
	streams := f.Streams()
	if len(streams) != 2 {
		t.Fatalf("got streams %+v, want one out and one in", streams)
	}
	for _, s := range streams {
		if s.Kind != "video" || s.Packets == 0 || s.Frames == 0 || !strings.HasPrefix(s.Codec, "video/") || s.Connection != "connected" {
			t.Errorf("got stream %+v", s)
		}
	}
	f.Button("Dark").Click()
	far.AwaitStill(500 * time.Millisecond)
	if got := far.Picture(); got.Motion != 0 {
		t.Errorf("got a still picture %+v", got)
	}
}

func TestCameraRefusedOrMissing(t *testing.T) {
	srv := site(t, map[string]string{"/": `<div role=alert></div><script>
		navigator.mediaDevices.getUserMedia({video: true}).then(() => 'Camera', e => e.name)
			.then(s => document.querySelector('div').textContent = s)</script>`})
	t.Run("given", func(t *testing.T) { Start(t).Open(srv.URL).AwaitAlert("Camera") })
	t.Run("refused", func(t *testing.T) { Start(t, RefuseCamera()).Open(srv.URL).AwaitAlert("NotAllowedError") })
	t.Run("missing", func(t *testing.T) { Start(t, NoCamera()).Open(srv.URL).AwaitAlert("NotFoundError") })
}

func TestScreenShare(t *testing.T) {
	srv := site(t, map[string]string{"/": `<video aria-label="Screen" autoplay muted></video><button>Share</button><script>
		document.querySelector('button').onclick = async () =>
			document.querySelector('video').srcObject = await navigator.mediaDevices.getDisplayMedia({video: true})</script>`})
	p := Start(t).Open(srv.URL)
	p.Button("Share").Click()
	p.Video("Screen").AwaitMoving()
}

func TestReceived(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("X-Thing", "secret-header")
		fmt.Fprint(w, `<div role=status></div><script type=module>
			await (await fetch('/packed?q=asked')).text();
			const ws = new WebSocket('ws://' + location.host + '/socket');
			const both = [
				new Promise(r => ws.onmessage = e => r(e.data)),
				new Promise(r => new EventSource('/events').onmessage = e => r(e.data)),
			];
			document.querySelector('div').textContent = (await Promise.all(both)).join(' ')</script>`)
	})
	mux.HandleFunc("/packed", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		fmt.Fprint(z, "secret-packed")
		z.Close()
	})
	mux.HandleFunc("/events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "data: secret-event\n\n")
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	mux.HandleFunc("/socket", func(w http.ResponseWriter, r *http.Request) {
		c, err := (&websocket.Upgrader{EnableCompression: true}).Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		if err := c.WriteMessage(websocket.TextMessage, []byte("secret-message")); err != nil {
			t.Error(err)
		}
		_, _, _ = c.ReadMessage() // until the page is gone
	})
	srv := serve(t, mux)
	inner := otherSite(srv.URL)
	outer := site(t, map[string]string{"/": `<iframe title="In" src="` + inner + `/"></iframe>`})
	b := Start(t)
	p, q := b.Open(outer.URL), b.Open(outer.URL+"/?other")
	p.Frame("In").AwaitStatus("secret-message secret-event")
	for _, secret := range []string{"secret-header", "secret-packed", "secret-event", "secret-message", "q=asked"} {
		if !slices.ContainsFunc(p.Received(), func(e Exchange) bool { return e.Has(secret) }) {
			t.Errorf("%q is not in what was received", secret)
		}
	}
	p.NeverReceived("the-pin", "?other")
	q.NeverReceived("the-pin")
}

func TestOffline(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<div role=status></div><script>
			const say = s => document.querySelector('div').textContent = s;
			const dial = () => {
				const ws = new WebSocket('ws://' + location.host + '/socket');
				ws.onopen = () => say('Open');
				ws.onclose = () => { say('Lost'); setTimeout(dial, 50) };
			};
			dial()</script>`)
	})
	mux.HandleFunc("/socket", func(w http.ResponseWriter, r *http.Request) {
		if c, err := (&websocket.Upgrader{}).Upgrade(w, r, nil); err == nil {
			_, _, _ = c.ReadMessage()
			c.Close()
		}
	})
	p := Start(t).Open(serve(t, mux).URL)
	p.AwaitStatus("Open")
	p.Offline(true)
	p.AwaitStatus("Lost")
	p.Offline(false)
	p.AwaitStatus("Open")
}

func TestTrap(t *testing.T) {
	srv := site(t, map[string]string{"/": `<img src="http://tracker.example/pixel.png"><div role=status></div><script>
		Promise.allSettled([fetch('https://cdn.example/lib.js'), fetch('http://192.0.2.1:8080/')]).then(all => {
			document.querySelector('div').textContent = all.map(r => r.status).join(' ') })</script>`})
	p := Start(t).Open(srv.URL)
	p.AwaitStatus("rejected rejected")
	p.AwaitTrue(`document.images[0].complete`)
	want := []string{"192.0.2.1:8080", "cdn.example:443", "tracker.example"}
	if got := p.who.proxy.trapped(); !slices.Equal(got, want) {
		t.Errorf("got trapped %q, want %q", got, want)
	}
	clear(p.who.proxy.outside) // or this very test would fail
}

func TestProblems(t *testing.T) {
	inner := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Security-Policy", "script-src 'nonce-1'")
		fmt.Fprint(w, `<script>blocked()</script><script nonce=1>console.error('so', 7); setTimeout(() => { throw new Error('thrown') })</script><p>Done</p>`)
	}))
	outer := site(t, map[string]string{"/": `<p>Calm</p><iframe title="In" src="` + otherSite(inner.URL) + `"></iframe>`})
	p := Start(t).Open(outer.URL)
	p.AwaitText("Calm")
	p.NoProblems()
	p.Frame("In").AwaitText("Done")
	for _, want := range []string{"console: so 7", "thrown", "Content Security Policy"} {
		deadline := time.Now().Add(Patience)
		for !strings.Contains(strings.Join(p.Problems(), "\n"), want) {
			if time.Now().After(deadline) {
				t.Fatalf("got problems %q, want one with %q", p.Problems(), want)
			}
			p.AwaitTrue(`new Promise(r => setTimeout(r, 20, true))`)
		}
	}
}

func TestCookies(t *testing.T) {
	var seen []string
	inner := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, c := range r.Cookies() {
			seen = append(seen, c.Name)
		}
		w.Header().Add("Set-Cookie", "plain=1; Secure; SameSite=None; HttpOnly")
		w.Header().Add("Set-Cookie", "apart=1; Secure; SameSite=None; HttpOnly; Partitioned")
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<div role=status>%d cookies</div>`, len(r.Cookies()))
	}))
	outer := site(t, map[string]string{"/": `<iframe title="In" src="` + otherSite(inner.URL) + `"></iframe>`})
	tests := []struct {
		name    string
		browser []Option
		person  []PersonOption
		want    string
	}{
		{"all", nil, nil, "2 cookies"},
		{"third-party blocked", []Option{BlockThirdPartyCookies()}, nil, "1 cookies"},
		{"none", nil, []PersonOption{NoCookies()}, "0 cookies"},
		{"none of another host", nil, []PersonOption{NoCookies("elsewhere")}, "2 cookies"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := Start(t, tt.browser...).Open(outer.URL, tt.person...)
			p.Frame("In").AwaitStatus("0 cookies")
			p.Reload()
			p.Frame("In").AwaitStatus(tt.want)
		})
	}
}

func TestPeopleAreApart(t *testing.T) {
	srv := site(t, map[string]string{"/": `<p>Here</p>`})
	b := Start(t)
	ada, bob := b.Open(srv.URL, Language("de"), Size(390, 700)), b.Open(srv.URL)
	ada.Eval(`localStorage.setItem('who', 'ada')`, nil)
	var who, language string
	bob.Eval(`localStorage.getItem('who') ?? 'nobody'`, &who)
	ada.Eval(`navigator.language + innerWidth`, &language)
	if who != "nobody" || language != "de390" {
		t.Errorf("got %q and %q", who, language)
	}
	ada.Tab(srv.URL).Eval(`localStorage.getItem('who')`, &who)
	if who != "ada" {
		t.Errorf("got %q in Ada's other tab", who)
	}
	ada.Close()
	bob.AwaitText("Here")
}

func TestPopup(t *testing.T) {
	srv := site(t, map[string]string{
		"/":    `<button onclick="open('/pop', 'pop', 'popup,width=300,height=300')">Pop out</button>`,
		"/pop": `<button onclick="opener.document.title = 'Popped'">Tell</button>`,
	})
	p := Start(t).Open(srv.URL)
	p.Button("Pop out").Click()
	p.Popup().Button("Tell").Click()
	p.AwaitTrue(`document.title === 'Popped'`)
}

func TestScreenshot(t *testing.T) {
	p := Start(t).Open(site(t, map[string]string{"/": `<body style="background:#123456">`}).URL, Size(320, 480))
	f, err := os.Open(p.Screenshot("blue"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	r, g, b, _ := img.At(100, 100).RGBA()
	if size := img.Bounds().Size(); size.X != 320 || size.Y != 480 || r>>8 != 0x12 || g>>8 != 0x34 || b>>8 != 0x56 {
		t.Errorf("got %v with a pixel %x %x %x", size, r>>8, g>>8, b>>8)
	}
}
