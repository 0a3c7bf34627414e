package genesys

// The platform's own two pictures of one call: an inbound queue call that Ada has answered.

const restConnected = `{"id":"c0ffee00-0000-4000-8000-000000000001","startTime":"2026-09-01T09:00:00.000Z","address":"sip:4711abcd@video.example",
 "recordingState":"ACTIVE",
 "participants":[
  {"id":"p-cust","purpose":"customer","name":"4711abcd","aniName":"4711abcd","ani":"sip:4711abcd@video.example",
   "dnis":"tel:+15551234567","attributes":{},"connectedTime":"2026-09-01T09:00:01.000Z",
   "calls":[{"id":"call-1","state":"connected","initialState":"offering","direction":"inbound","held":false,"muted":false,
     "confined":false,"recording":true,"recordingState":"active","provider":"Edge",
     "self":{"name":"4711abcd","nameRaw":"4711abcd","addressNormalized":"sip:4711abcd@video.example","addressRaw":"sip:4711abcd@video.example"},
     "other":{"addressRaw":"tel:+15551234567"}}]},
  {"id":"p-ivr","purpose":"ivr","endTime":"2026-09-01T09:00:09.000Z","calls":[{"state":"terminated","disconnectType":"transfer","direction":"inbound"}]},
  {"id":"p-acd","purpose":"acd","queueId":"q-1","endTime":"2026-09-01T09:00:12.000Z","calls":[{"state":"terminated","disconnectType":"transfer","direction":"inbound"}]},
  {"id":"p-ag1","purpose":"agent","userId":"u-ada","queueId":"q-1","attributes":{},"wrapupRequired":true,
   "calls":[{"id":"call-2","state":"connected","initialState":"alerting","direction":"inbound","held":false,"muted":false,"confined":false,"connectedTime":"2026-09-01T09:00:12.000Z"}]}]}`

const eventConnected = `{"version":"2","topicName":"v2.users.u-ada.conversations.calls","metadata":{"CorrelationId":"corr-1"},
 "eventBody":{"id":"c0ffee00-0000-4000-8000-000000000001","address":"sip:4711abcd@video.example","recordingState":"active","securePause":false,
 "participants":[
  {"id":"p-cust","name":"4711abcd","address":"sip:4711abcd@video.example","connectedTime":"2026-09-01T09:00:01.000Z","purpose":"customer","state":"connected","initialState":"offering","direction":"inbound","held":false,"muted":false,"confined":false,"recording":true,"recordingState":"active","securePause":false,"wrapupRequired":false,"queue":{"id":"q-1"},"attributes":{},"provider":"Edge","mediaRoles":["full"]},
  {"id":"p-ivr","name":"Main flow","purpose":"ivr","state":"terminated","initialState":"offering","direction":"inbound","disconnectType":"transfer","held":false,"muted":false,"confined":false,"attributes":{},"provider":"Edge","peer":"x-1","connectedTime":"2026-09-01T09:00:01.000Z","endTime":"2026-09-01T09:00:09.000Z"},
  {"id":"p-acd","name":"Video queue","purpose":"acd","state":"terminated","initialState":"offering","direction":"inbound","disconnectType":"transfer","held":false,"muted":false,"confined":false,"queue":{"id":"q-1"},"attributes":{},"provider":"Edge","peer":"x-1","conversationRoutingData":{"queue":{"id":"q-1"},"language":{},"priority":0},"endTime":"2026-09-01T09:00:12.000Z"},
  {"id":"p-ag1","address":"sip:ada@station.example","purpose":"agent","state":"connected","initialState":"alerting","direction":"inbound","held":false,"muted":false,"confined":false,"recording":false,"recordingState":"none","wrapupRequired":true,"wrapupPrompt":"optional","user":{"id":"u-ada"},"queue":{"id":"q-1"},"attributes":{},"alertingTimeoutMs":8000,"transferSource":"ACD","provider":"Edge","peer":"x-1","mediaRoles":["full"],"connectedTime":"2026-09-01T09:00:12.000Z"}]}}`

// callEvent is an event about the conversation with these participants.
func callEvent(participants string) string {
	return `{"topicName":"v2.users.u-ada.conversations.calls","eventBody":{"id":"` + conversationID + `","participants":[` + participants + `]}}`
}

const (
	eventRinging = `{"id":"p-cust","purpose":"customer","state":"connected","held":false,"confined":false},
 {"id":"p-acd","purpose":"acd","state":"connected"},
 {"id":"p-ag1","purpose":"agent","user":{"id":"u-ada"},"state":"alerting","held":false,"confined":false}`
	eventHold = `{"id":"p-cust","purpose":"customer","state":"connected","held":false,"confined":true,"muted":false},
 {"id":"p-ag1","purpose":"agent","user":{"id":"u-ada"},"state":"connected","held":true,"startHoldTime":"2026-09-01T09:03:00.000Z","confined":false,"muted":false}`
	eventTransfer = `{"id":"p-cust","purpose":"customer","state":"connected","held":false,"confined":false},
 {"id":"p-ag1","purpose":"agent","user":{"id":"u-ada"},"state":"terminated","disconnectType":"transfer","endTime":"2026-09-01T09:05:00.200Z","held":false,"wrapupRequired":true},
 {"id":"p-ag2","purpose":"agent","user":{"id":"u-bob"},"state":"connected","initialState":"alerting","held":false,"transferSource":"Agent","connectedTime":"2026-09-01T09:05:04.000Z"}`
	eventBack = eventTransfer + `,
 {"id":"p-ag3","purpose":"agent","user":{"id":"u-ada"},"state":"connected","held":false,"connectedTime":"2026-09-01T09:09:00.000Z"}`
	eventConsult = `{"id":"p-cust","purpose":"customer","state":"connected","held":false,"confined":true,"consultParticipantId":"p-cust","attributes":{}},
 {"id":"p-ag1","purpose":"agent","user":{"id":"u-ada"},"state":"connected","held":false,"confined":false,"consultParticipantId":"p-cust","attributes":{"consultInitiator":"true"}},
 {"id":"p-ag2","purpose":"agent","user":{"id":"u-bob"},"state":"alerting","held":false,"confined":false,"consultParticipantId":"p-cust","attributes":{}}`
	eventConference = `{"id":"p-cust","purpose":"customer","state":"connected","held":false,"confined":false,"consultParticipantId":"p-cust","attributes":{}},
 {"id":"p-ag1","purpose":"agent","user":{"id":"u-ada"},"state":"connected","held":false,"confined":false,"consultParticipantId":"p-cust","attributes":{"consultInitiator":"true"}},
 {"id":"p-ag2","purpose":"agent","user":{"id":"u-bob"},"state":"connected","held":false,"confined":false,"attributes":{}}`
)
