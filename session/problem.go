package session

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/videoleg/videoleg/genesys"
	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/pexrtc/relay"
	"github.com/videoleg/videoleg/session/page"
)

// What can stop a call before or while it is shown, beside what the far ends report.
var (
	// ErrNotOnCall: the agent is no live participant of the conversation.
	ErrNotOnCall = errors.New("session: the agent is not on this call")
	// ErrCallEnded: the conversation is over.
	ErrCallEnded = errors.New("session: the call has ended")
	// ErrGuestRole: the node let us in as a guest: the PIN is not the host's.
	ErrGuestRole = errors.New("session: joined as guest, not as host")
	// ErrTooMany: this server holds as many calls or visits as it may.
	ErrTooMany = errors.New("session: too many at once")
	// ErrStopping: the server is shutting down.
	ErrStopping = errors.New("session: the server is stopping")

	// No path for the media: see relay.ErrNoPath for the one between us and the node.
	errBrowserPath = errors.New("session: no media path between browser and server")
	errBypassPath  = errors.New("session: no media path between browser and node")
)

// Fault is one row of the table below: how an error looks outside.
type Fault struct {
	Status int // of an HTTP answer
	page.Problem
}

// faults is the one place that turns a kind of error into a status and sentences. The first row
// that matches counts.
var faults = []struct {
	kind  error
	fault Fault
}{
	{ErrNotOnCall, fault(403, "not-on-call", "You are not on this call.",
		"Only an agent who is on the call can see its video. Open the call that you answered.", false)},
	{ErrCallEnded, fault(410, "call-ended", "This call has ended.",
		"The video opens by itself with your next call.", false)},
	{ErrTooMany, fault(503, "server-full", "This server has no room for another video call right now.",
		"The audio goes on as usual. Try again in a minute, or tell your administrator.", true)},
	{ErrStopping, fault(503, "server-stopping", "The video server is restarting.",
		"The audio goes on as usual. Try again in a few seconds.", true)},

	{genesys.ErrNoAlias, fault(422, "no-alias", "Video is unavailable for this call; audio continues on the phone.",
		"The call carries no video session: it did not come from a video link, or its caller name was changed on the way. If it should have video, ask your administrator to check the trunk's caller name.", true)},
	{ErrNoDevice, fault(422, "no-device", "Video is unavailable for this call; audio continues on the phone.",
		"The number that you called is not that of a video device. If it should have video, ask your administrator to add it.", true)},
	{ErrNoAnswer, fault(504, "device-no-answer", "The video device did not answer; audio continues on the phone.",
		"Try again to call the device once more.", true)},
	{genesys.ErrSignIn, fault(401, "sign-in", "Your Genesys Cloud sign-in has expired.",
		"Try again to sign in. If it keeps happening, sign out of Genesys Cloud and in again.", true)},
	{genesys.ErrForbidden, fault(403, "genesys-forbidden", "Genesys Cloud does not let you read this call.",
		"Ask your administrator for the permission to view conversations, then try again.", true)},
	{genesys.ErrNotFound, fault(404, "no-such-conversation", "Genesys Cloud does not know this call.",
		"It may belong to another organisation or region. Open it again from the interaction.", true)},
	{genesys.ErrRateLimited, fault(503, "genesys-busy", "Genesys Cloud is asking us to slow down.",
		"Your audio is not affected. We try again by ourselves as soon as it lets us.", true)},
	{genesys.ErrUnavailable, fault(502, "genesys-down", "Genesys Cloud did not answer.",
		"Your audio is not affected. Try again in a moment; if it stays so, check the status of Genesys Cloud.", true)},

	{ErrGuestRole, fault(502, "host-pin", "The video room did not accept us as host.",
		"Ask your administrator to compare the host PIN of this server with the one in Pexip.", true)},
	{pexrtc.ErrPIN, fault(502, "pin", "The video room refused the PIN of this server.",
		"Ask your administrator to compare the PIN of this server with the one in Pexip.", true)},
	{pexrtc.ErrNoConference, fault(502, "no-room", "There is no video room for this call.",
		"The customer may have left, or the room was never opened. Ask the customer to open the link again, then try again.", true)},
	{pexrtc.ErrCapacity, fault(503, "room-full", "The video system has no room for another participant.",
		"Try again in a minute, or tell your administrator.", true)},
	{pexrtc.ErrRemoved, fault(409, "removed", "Somebody removed you from the video room.",
		"The audio goes on. Try again if that was a mistake.", true)},
	{pexrtc.ErrSignIn, fault(502, "room-sign-in", "The video room asks for a sign-in that this server cannot give.",
		"Ask your administrator to let the agent alias in without an identity provider.", true)},
	{pexrtc.ErrRole, fault(502, "host-pin", "The video room did not accept us as host.",
		"Ask your administrator to compare the host PIN of this server with the one in Pexip.", true)},
	{pexrtc.ErrEnded, fault(410, "room-ended", "The video room was closed.",
		"The audio may go on. Try again to open it anew.", true)},
	{pexrtc.ErrTokenLost, fault(502, "room-lost", "The connection to the video room was lost.",
		"Try again to join it anew.", true)},
	{pexrtc.ErrNode, fault(502, "node-down", "The video system did not answer.",
		"Your audio is not affected. Try again in a moment; if it stays so, tell your administrator that the Conferencing Node is down.", true)},

	{pexrtc.ErrAudio, fault(400, "audio", "The video connection asked for audio, which it must never carry.",
		"Reload this page. If it stays so, tell your administrator: audio belongs to the phone call alone.", false)},
	{relay.ErrCodec, fault(422, "no-codec", "Your browser and the video room have no video format in common.",
		"Use a current Chrome, Edge, Firefox or Safari, or ask your administrator to allow VP8 or H.264.", true)},
	{pexrtc.ErrSDP, fault(400, "sdp", "The video connection could not be set up with this browser.",
		"Reload this page. If it stays so, use a current Chrome, Edge, Firefox or Safari.", true)},
	{relay.ErrRefused, fault(502, "media-refused", "The video room refused the video.",
		"Ask your administrator whether the room allows video, and in which formats, then try again.", true)},
	{pexrtc.ErrMedia, fault(502, "media", "The video connection to the room failed.",
		"Try again; if it stays so, tell your administrator the time of this message.", true)},
	{errBrowserPath, fault(502, "media-browser", "No video gets through between your browser and the video server.",
		"Try again. If it stays so, ask your administrator to open the server's media ports (MEDIA_UDP_PORT, MEDIA_TCP_PORT) for your network.", true)},
	{relay.ErrNoPath, fault(502, "media-node", "No video gets through between the video server and the video room.",
		"Try again. If it stays so, a firewall may block media between this server and the Conferencing Node.", true)},
	{errBypassPath, fault(502, "media-bypass", "No video gets through between your browser and the video room.",
		"Try again. If it stays so, a firewall may block media between your network and the Conferencing Node.", true)},
	{context.DeadlineExceeded, fault(504, "timeout", "Something did not answer in time.",
		"Your audio is not affected. Try again in a moment.", true)},
}

func fault(status int, code, message, next string, retry bool) Fault {
	return Fault{Status: status, Problem: page.Problem{Code: code, Message: message, Next: next, Retry: retry}}
}

// FaultOf says how an error looks outside: no detail of it but its kind. What it does not know is
// an internal error.
func FaultOf(err error) Fault {
	for _, row := range faults {
		if errors.Is(err, row.kind) {
			f := row.fault
			f.Wait = waitFor(err)
			return f
		}
	}
	return fault(http.StatusInternalServerError, "internal", "Something went wrong on the video server.",
		"Your audio is not affected. Try again; if it stays so, tell your administrator the time of this message.", true)
}

// usualWait is for a far end that asks us to slow down and does not say for how long.
const usualWait = 30 * time.Second

// waitFor is after how many seconds the page tries again by itself; 0: it does not.
func waitFor(err error) int {
	if !errors.Is(err, genesys.ErrRateLimited) {
		return 0
	}
	wait := usualWait
	if answer, ok := errors.AsType[*genesys.Error](err); ok && answer.RetryAfter > 0 {
		wait = answer.RetryAfter
	}
	return int((wait + time.Second - 1) / time.Second)
}
