package genesystest

import "strings"

// mediaView is a conversation with its legs nested by medium: /conversations/{id} and the all-media topic.
// Only REST has aniName, the display name of the caller's SIP From.
type mediaView struct {
	ID             string             `json:"id"`
	StartTime      stamp              `json:"startTime"`
	EndTime        stamp              `json:"endTime,omitzero"`
	Address        string             `json:"address,omitempty"`
	Participants   []mediaParticipant `json:"participants"`
	RecordingState string             `json:"recordingState"`
	SecurePause    bool               `json:"securePause"`
	SelfURI        string             `json:"selfUri,omitempty"`
}

type mediaParticipant struct {
	ID              string            `json:"id"`
	StartTime       stamp             `json:"startTime,omitzero"`
	ConnectedTime   stamp             `json:"connectedTime,omitzero"`
	EndTime         stamp             `json:"endTime,omitzero"`
	Name            string            `json:"name,omitempty"`
	UserID          string            `json:"userId,omitempty"`
	QueueID         string            `json:"queueId,omitempty"`
	Purpose         string            `json:"purpose"`
	ParticipantType string            `json:"participantType"`
	Address         string            `json:"address,omitempty"`
	ANI             string            `json:"ani,omitempty"`
	ANIName         string            `json:"aniName,omitempty"`
	DNIS            string            `json:"dnis,omitempty"`
	ConsultID       string            `json:"consultParticipantId,omitempty"`
	WrapupRequired  bool              `json:"wrapupRequired"`
	WrapupPrompt    string            `json:"wrapupPrompt,omitempty"`
	Wrapup          *wrapup           `json:"wrapup,omitempty"`
	StartAcwTime    stamp             `json:"startAcwTime,omitzero"`
	EndAcwTime      stamp             `json:"endAcwTime,omitzero"`
	AlertingTimeout int64             `json:"alertingTimeoutMs,omitempty"`
	Attributes      map[string]string `json:"attributes"`
	Calls           []mediaLeg        `json:"calls"`
}

type mediaLeg struct {
	ID               string  `json:"id"`
	State            string  `json:"state"`
	InitialState     string  `json:"initialState"`
	Direction        string  `json:"direction"`
	Held             bool    `json:"held"`
	Muted            bool    `json:"muted"`
	Confined         bool    `json:"confined"`
	Recording        bool    `json:"recording"`
	RecordingState   string  `json:"recordingState"`
	SecurePause      bool    `json:"securePause"`
	DisconnectType   string  `json:"disconnectType,omitempty"`
	StartHoldTime    stamp   `json:"startHoldTime,omitzero"`
	StartAlerting    stamp   `json:"startAlertingTime,omitzero"`
	ConnectedTime    stamp   `json:"connectedTime,omitzero"`
	DisconnectedTime stamp   `json:"disconnectedTime,omitzero"`
	Provider         string  `json:"provider"`
	PeerID           string  `json:"peerId,omitempty"`
	Self             address `json:"self"`
	Other            address `json:"other"`
}

type address struct {
	Name       string `json:"name,omitempty"`
	NameRaw    string `json:"nameRaw,omitempty"`
	Normalized string `json:"addressNormalized,omitempty"`
	Raw        string `json:"addressRaw,omitempty"`
	Display    string `json:"addressDisplayable,omitempty"`
}

func (c *call) mediaView(rest bool) mediaView {
	v := mediaView{
		ID: c.id, StartTime: stamp(c.started), EndTime: stamp(c.ended), Address: c.address,
		RecordingState: strings.ToUpper(c.recordingState), SecurePause: c.securePause,
	}
	if rest {
		v.SelfURI = "/api/v2/conversations/" + c.id
	}
	for _, p := range c.participants {
		v.Participants = append(v.Participants, c.mediaParticipant(p, rest))
	}
	return v
}

func (c *call) mediaParticipant(p *participant, rest bool) mediaParticipant {
	v := mediaParticipant{
		ID: p.id, Name: p.name, Purpose: p.purpose, ParticipantType: "External", Address: p.address,
		StartTime: stamp(p.started), ConnectedTime: stamp(p.connected), EndTime: stamp(p.ended),
		ANI: p.ani, DNIS: p.dnis, ConsultID: p.consult,
		WrapupRequired: p.wrapupRequired, WrapupPrompt: p.wrapupPrompt(), Wrapup: p.wrapup,
		StartAcwTime: stamp(p.acwStart), EndAcwTime: stamp(p.acwEnd), AlertingTimeout: p.alertingTimeoutMS,
		Attributes: p.attributes, Calls: []mediaLeg{c.mediaLeg(p)},
	}
	if rest {
		v.ANIName = p.aniName
	}
	if p.user != nil {
		v.UserID, v.ParticipantType = p.user.ID, "Internal"
	}
	if p.queue != nil {
		v.QueueID = p.queue.ID
	}
	return v
}

func (c *call) mediaLeg(p *participant) mediaLeg {
	leg := mediaLeg{
		ID: p.callID, State: p.state, InitialState: p.initial, Direction: p.direction,
		Held: p.held, Muted: p.muted, Confined: p.confined,
		Recording: p.recording, RecordingState: p.recordingState, SecurePause: c.securePause && p.farEnd(),
		DisconnectType: p.disconnect, StartHoldTime: stamp(p.holdStarted),
		ConnectedTime: stamp(p.connected), DisconnectedTime: stamp(p.ended), Provider: "Edge",
		Self:  address{Name: p.name, NameRaw: p.name, Normalized: p.address, Raw: p.address},
		Other: address{Normalized: c.address, Raw: c.address},
	}
	if p.initial == stateAlerting {
		leg.StartAlerting = stamp(p.started)
	}
	if p.farEnd() {
		leg.Other = address{Raw: p.dnis, Normalized: p.dnis}
	} else {
		leg.PeerID = p.peer
	}
	return leg
}
