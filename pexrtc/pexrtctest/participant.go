package pexrtctest

import (
	"time"
)

const (
	roleChair = "chair"
	roleGuest = "guest"

	protocolAPI    = "api"
	protocolWebRTC = "webrtc"
	protocolSIP    = "sip"
)

// participant is one leg of a conference, whoever made it. s.mu guards it.
type participant struct {
	uuid        string
	alias       string // that it joined by
	conference  *conference
	displayName string
	callTag     string
	overlayText string
	role        string
	protocol    string
	direction   string // in or out
	uri         string
	joined      time.Time

	token      string
	tokenTimer *time.Timer
	waitTimer  *time.Timer
	streams    map[*stream]struct{}

	waiting    bool // in the waiting room
	admitted   bool // let in by a host in spite of a lock
	connecting bool // dialled, not yet answered
	keepAlive  string

	muted, clientMuted, txMuted, videoMuted bool
	deniesPresentation                      bool
	onHold                                  bool
	spotlight, buzz                         float64

	call      *call
	sources   []*source // what it sends, once packets come
	lastOffer string    // SDP of the last call or update
	hasAudio  bool      // a media line was agreed
	hasVideo  bool
	quality   string // as the event sink has told it last
	counts    counters

	hangup func(reason string) // dialled and simulated legs; may be nil
}

// has reports whether the leg has any media.
func (p *participant) hasMedia() bool {
	return p.hasAudio || p.hasVideo
}

func (p *participant) host() bool { return p.role == roleChair }

// serviceType is where the participant is now.
func (p *participant) serviceType() string {
	switch {
	case p.connecting:
		return "connecting"
	case p.waiting:
		return "waiting_room"
	}
	return "conference"
}

func (p *participant) stopTimers() {
	for _, t := range []*time.Timer{p.tokenTimer, p.waitTimer} {
		if t != nil {
			t.Stop()
		}
	}
}

// sees reports whether p has other in its roster: the waiting room shows nobody else.
func (p *participant) sees(other *participant) bool { return p == other || !p.waiting }

// wireParticipant is the participant object of the roster and its events.
type wireParticipant struct {
	UUID                   string   `json:"uuid"`
	APIURL                 string   `json:"api_url"`
	DisplayName            string   `json:"display_name"`
	OverlayText            string   `json:"overlay_text"`
	CallTag                string   `json:"call_tag"`
	URI                    string   `json:"uri"`
	LocalAlias             string   `json:"local_alias"`
	Vendor                 string   `json:"vendor"`
	Protocol               string   `json:"protocol"`
	Role                   string   `json:"role"`
	ServiceType            string   `json:"service_type"`
	CallDirection          string   `json:"call_direction"`
	Encryption             string   `json:"encryption"`
	HasMedia               bool     `json:"has_media"`
	IsAudioOnlyCall        yesNo    `json:"is_audio_only_call"`
	IsVideoCall            yesNo    `json:"is_video_call"`
	IsMuted                yesNo    `json:"is_muted"`
	IsPresenting           yesNo    `json:"is_presenting"`
	PresentationSupported  yesNo    `json:"presentation_supported"`
	MuteSupported          yesNo    `json:"mute_supported"`
	DisconnectSupported    yesNo    `json:"disconnect_supported"`
	TransferSupported      yesNo    `json:"transfer_supported"`
	FECCSupported          yesNo    `json:"fecc_supported"`
	IsExternal             bool     `json:"is_external"`
	IsConjoined            bool     `json:"is_conjoined"`
	IsStreaming            bool     `json:"is_streaming_conference"`
	IsVideoMuted           bool     `json:"is_video_muted"`
	IsVideoSilent          bool     `json:"is_video_silent"`
	IsMainVideoDroppedOut  bool     `json:"is_main_video_dropped_out"`
	IsClientMuted          bool     `json:"is_client_muted"`
	IsTxMuted              bool     `json:"is_tx_muted"`
	IsOnHold               bool     `json:"is_on_hold"`
	IsIdPAuthenticated     bool     `json:"is_idp_authenticated"`
	IsTransferring         bool     `json:"is_transferring"`
	NeedsPresentationInMix bool     `json:"needs_presentation_in_mix"`
	SupportsDirectChat     bool     `json:"supports_direct_chat"`
	RxPresentationPolicy   string   `json:"rx_presentation_policy"`
	Spotlight              float64  `json:"spotlight"`
	BuzzTime               float64  `json:"buzz_time"`
	StartTime              float64  `json:"start_time"`
	LastSpokenTime         float64  `json:"last_spoken_time"`
	LayoutGroup            *string  `json:"layout_group"`
	SendToAudioMixes       []string `json:"send_to_audio_mixes"`
	ReceiveFromAudioMix    string   `json:"receive_from_audio_mix"`
	ExternalNodeUUID       string   `json:"external_node_uuid"`
	CanReceivePersonalMix  bool     `json:"can_receive_personal_mix"`
	ReceiveFromVideoMix    videoMix `json:"receive_from_video_mix"`
}

type videoMix struct {
	MixName   string `json:"mix_name"`
	Timestamp int    `json:"timestamp"`
}

// yesNo is how old roster fields write a boolean.
type yesNo bool

func (b yesNo) MarshalJSON() ([]byte, error) {
	if b {
		return []byte(`"YES"`), nil
	}
	return []byte(`"NO"`), nil
}

// wire describes p to viewer: guests do not learn how others are connected.
func (p *participant) wire(viewer *participant) wireParticipant {
	w := wireParticipant{
		UUID:                  p.uuid,
		APIURL:                "/participants/" + p.uuid + "/",
		DisplayName:           p.displayName,
		OverlayText:           p.overlayText,
		CallTag:               p.callTag,
		URI:                   p.uri,
		LocalAlias:            p.alias,
		Vendor:                "Pexip stand-in",
		Protocol:              p.protocol,
		Role:                  p.role,
		ServiceType:           p.serviceType(),
		CallDirection:         p.direction,
		Encryption:            "On",
		HasMedia:              p.hasMedia(),
		IsAudioOnlyCall:       yesNo(p.hasAudio && !p.hasVideo),
		IsVideoCall:           yesNo(p.hasVideo),
		IsMuted:               yesNo(p.muted),
		IsPresenting:          yesNo(p.conference.presenter == p),
		PresentationSupported: yesNo(p.hasVideo),
		MuteSupported:         true,
		DisconnectSupported:   true,
		TransferSupported:     yesNo(p.direction == "in"),
		IsVideoMuted:          p.videoMuted,
		IsClientMuted:         p.clientMuted,
		IsTxMuted:             p.txMuted,
		IsOnHold:              p.onHold,
		SupportsDirectChat:    true,
		RxPresentationPolicy:  "ALLOW",
		Spotlight:             p.spotlight,
		BuzzTime:              p.buzz,
		StartTime:             epoch(p.joined),
		SendToAudioMixes:      []string{"main"},
		ReceiveFromAudioMix:   "main",
		ReceiveFromVideoMix:   videoMix{MixName: "main"},
	}
	if p.deniesPresentation {
		w.RxPresentationPolicy = "DENY"
	}
	if viewer != nil && !viewer.host() && viewer != p {
		w.URI, w.Vendor, w.Protocol = "", "", ""
	}
	return w
}

// capitalRole is the role as answers write it.
func capitalRole(role string) string {
	if role == roleChair {
		return "HOST"
	}
	return "GUEST"
}

// roleFrom reads a role in either spelling; anything unknown is "".
func roleFrom(text string) string {
	switch text {
	case roleChair, "host", "HOST":
		return roleChair
	case roleGuest, "GUEST":
		return roleGuest
	}
	return ""
}

func epoch(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }
