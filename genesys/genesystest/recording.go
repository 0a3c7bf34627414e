package genesystest

import (
	"time"

	"github.com/google/uuid"
)

// setRecording starts, pauses, resumes or stops the trunk recording, without a snapshot.
func (c *call) setRecording(state string) {
	if state == c.recordingState {
		return
	}
	now := time.Now()
	switch {
	case c.recordingState == recordingNone:
		c.recorded = append(c.recorded, recording{id: uuid.NewString(), start: now})
	case state == recordingNone:
		c.recorded[len(c.recorded)-1].end = now
	}
	c.recordingState = state
	cust := c.customer()
	cust.recording, cust.recordingState = state == recordingActive, state
}

// stopRecording stores what was recorded and ends a secure pause.
func (c *call) stopRecording() {
	c.setRecording(recordingNone)
	c.securePause = false
}

// record is setRecording as an action of an agent or a flow.
func (c *call) record(state string) error {
	switch state {
	case recordingNone, recordingActive, recordingPaused:
	default:
		return refuse(400, "bad.request", "recordingState %.40q is none of none, active, paused", state)
	}
	if !c.customer().isConnected() {
		return refuse(400, "bad.request", "the customer's leg is %s", c.customer().state)
	}
	c.setRecording(state)
	c.snap()
	return nil
}

// pauseSecurely pauses the recording while card data is spoken.
func (c *call) pauseSecurely(on bool) error {
	if c.recordingState == recordingNone {
		return refuse(400, "bad.request", "nothing is recorded")
	}
	c.securePause = on
	state := recordingActive
	if on {
		state = recordingPaused
	}
	return c.record(state)
}

// recordingMetadata describes one stored recording; it has no media in it.
type recordingMetadata struct {
	ID             string   `json:"id"`
	ConversationID string   `json:"conversationId"`
	Path           string   `json:"path"`
	StartTime      stamp    `json:"startTime"`
	EndTime        stamp    `json:"endTime"`
	Media          string   `json:"media"`
	MediaSubtype   string   `json:"mediaSubtype"`
	FileState      string   `json:"fileState"`
	Annotations    []string `json:"annotations"`
	SessionID      string   `json:"sessionId"`
	SelfURI        string   `json:"selfUri"`
}

// stored lists the recordings of a call that is over, else nothing.
func (c *call) stored() []recordingMetadata {
	out := []recordingMetadata{}
	if c.live() {
		return out
	}
	for _, r := range c.recorded {
		out = append(out, recordingMetadata{
			ID: r.id, ConversationID: c.id, Path: "/" + r.id + ".opus", StartTime: stamp(r.start), EndTime: stamp(r.end),
			Media: "audio", MediaSubtype: "Trunk", FileState: "AVAILABLE", Annotations: []string{},
			SessionID: c.customer().callID, SelfURI: "/api/v2/conversations/" + c.id + "/recordingmetadata/" + r.id,
		})
	}
	return out
}
