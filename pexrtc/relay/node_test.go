package relay

import (
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

// TestThroughTheStandInNode runs the whole way: a page, the relay, the client API, a node, and a customer on the other
// side of it.
func TestThroughTheStandInNode(t *testing.T) {
	for _, codec := range []string{pexrtctest.VP8, pexrtctest.H264} {
		t.Run(codec, func(t *testing.T) {
			srv := pexrtctest.New(pexrtctest.Options{Codecs: []string{codec}})
			defer srv.Close()
			web := srv.Client()
			defer web.CloseIdleConnections()
			client, err := pexrtc.New(pexrtc.Config{Nodes: []string{srv.URL}, HTTP: web})
			must(t, err)
			customer, err := srv.SimulateCustomer("cus4711", "Carl")
			must(t, err)
			defer customer.Leave()

			ctx := testContext(t)
			p, err := client.Join(ctx, pexrtc.JoinRequest{Alias: "agt4711", DisplayName: "Ada"})
			must(t, err)
			leg := newTestRelay(t).NewLeg(LegConfig{ICEServers: p.ICEServers(), RelayOnly: p.RelayOnly(), TrickleICE: p.TrickleICE()})
			page := newPeer(t, "video/"+codec, nil)
			must(t, leg.OfferBrowser(page.offer()))
			offer, err := leg.NodeOffer(ctx)
			must(t, err)
			call, err := p.Call(ctx, offer)
			must(t, err)
			must(t, leg.NodeAnswer(call.Answer()))
			answer, err := leg.BrowserAnswer(ctx)
			must(t, err)
			page.accept(answer)
			must(t, call.Ack(ctx))

			picture := await(t, "the customer's picture", page.packets)
			if picture.payload == "" {
				t.Error("an empty packet")
			}
			leg.SetSending(true)
			page.sendWhile("picture", func() bool {
				return node(t, srv, p.UUID()).VideoIn.Packets == 0
			})
			if got := node(t, srv, p.UUID()); got.HasAudio || got.VideoCodec != codec || strings.Contains(got.LastOffer, "m=audio") {
				t.Errorf("the node has us as %+v", got)
			}
			must(t, p.Release(ctx, "done"))
			must(t, srv.AwaitGone(ctx, func(q pexrtctest.Participant) bool { return q.UUID == p.UUID() }))
			must(t, leg.Close())
		})
	}
}

func node(t *testing.T, srv *pexrtctest.Server, uuid string) pexrtctest.Participant {
	t.Helper()
	for _, p := range srv.Participants("") {
		if p.UUID == uuid {
			return p
		}
	}
	t.Fatal("the node does not know us")
	return pexrtctest.Participant{}
}

// TestNodeHopIsReplaced: the node ends the call, the page keeps its connection, and the next call goes on where the
// last one ended.
func TestNodeHopIsReplaced(t *testing.T) {
	c := newCall(t, webrtc.MimeTypeVP8, videoCodec(webrtc.MimeTypeVP8, 96, ""))
	c.leg.SetSending(true)
	c.browser.sendUntil("first", c.node, payload("first"))
	must(t, c.node.pc.GracefulClose())
	c.await(Node, Closed)

	c.node = newPeer(t, webrtc.MimeTypeVP8, videoCodec(webrtc.MimeTypeVP8, 96, ""))
	offer, err := c.leg.NodeOffer(testContext(t))
	must(t, err)
	must(t, c.leg.NodeAnswer(c.node.answer(offer)))
	c.await(Node, Connected)
	c.browser.sendUntil("second", c.node, payload("second"))
	c.node.sendUntil("back", c.browser, payload("back"))
}
