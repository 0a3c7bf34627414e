package main

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/videoleg/videoleg/genesys/genesystest"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

// deviceDomain is where the demo's video devices are. One whose alias ends with 0 never answers.
const deviceDomain = "@devices.example"

// trunk carries the node's calls: to a video device, or to the contact centre.
func trunk(centre *genesystest.Server) func(context.Context, pexrtctest.DialRequest) (pexrtctest.FarEnd, error) {
	return func(ctx context.Context, r pexrtctest.DialRequest) (pexrtctest.FarEnd, error) {
		if device, found := strings.CutSuffix(r.Destination, deviceDomain); found {
			if strings.HasSuffix(device, "0") {
				<-ctx.Done()
				return nil, errors.New("no answer")
			}
			return &videoDevice{done: make(chan struct{})}, nil
		}
		call, err := centre.Call(ctx, genesystest.InboundCall{ANIName: r.LocalDisplayName, ANI: "sip:" + r.LocalAlias})
		if err != nil {
			return nil, err
		}
		return sipLeg{call}, nil
	}
}

// sipLeg is the voice call between room and contact centre.
type sipLeg struct{ *genesystest.Conversation }

func (l sipLeg) Hangup(string) { _ = l.CustomerHangup() } // it may have ended on the other side

// videoDevice is a room system that has answered; it stays until the room hangs up.
type videoDevice struct {
	once sync.Once
	done chan struct{}
}

func (v *videoDevice) Done() <-chan struct{} { return v.done }
func (v *videoDevice) Hangup(string)         { v.once.Do(func() { close(v.done) }) }
func (v *videoDevice) Video()                {}

// dialled carries what an agent dials to the node, as a voice call, until one side ends it.
func (d *demonstration) dialled(ctx context.Context, out genesystest.OutboundCall, call *genesystest.Conversation) {
	defer func() { _ = call.CustomerHangup() }() // it may have ended on the other side
	voice, err := d.node.Ring(ctx, pexrtctest.IncomingCall{Alias: out.Address, DisplayName: "Contact centre"})
	if err != nil {
		return
	}
	defer voice.Hangup()
	if call.CustomerAnswers() != nil {
		return
	}
	select {
	case <-voice.Done():
	case <-call.Done():
	case <-ctx.Done():
	}
}
