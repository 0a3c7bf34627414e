#!/bin/sh
# Makes the test pictures with ffmpeg (Debian's has libvpx and libx264): four seconds that loop, a
# person in a warm room who sways and waves. A keyframe each second; no B-frames, as WebRTC wants.
set -eu
cd "$(dirname "$0")"

size=480x270 rate=20 seconds=4
turn='2*PI*T/4'

# Distances in units of each shape's radius: below 1 is inside.
head="hypot((X-240-10*sin($turn))/40,(Y-106)/48)"
hair="hypot((X-240-10*sin($turn))/47,(Y-94)/50)"
neck="hypot((X-240-8*sin($turn))/19,(Y-158)/30)"
body="hypot((X-240-5*sin($turn))/104,(Y-286)/118)"
# The arm is what lies within 19 pixels of the line from the shoulder to the hand, ld(6)/ld(7).
waving="st(6,356+26*sin(2*$turn));st(7,140-8*cos(2*$turn));st(8,clip(((X-318)*(ld(6)-318)+(Y-232)*(ld(7)-232))/(pow(ld(6)-318,2)+pow(ld(7)-232,2)),0,0.86))"
hand="hypot((X-ld(6))/17,(Y-ld(7))/20)"
arm="hypot(X-318-ld(8)*(ld(6)-318),Y-232-ld(8)*(ld(7)-232))/19"
lamp="hypot(X-76,Y-70)"
eyes="min(hypot((X-225-12*sin($turn))/5,(Y-102)/6),hypot((X-257-12*sin($turn))/5,(Y-102)/6))"
smile="abs(Y-122-7*cos((X-241-12*sin($turn))/13))/3+gte(abs(X-241-12*sin($turn)),17)*9"

# shade R G B: what each shape paints, topmost first; ld(0)…ld(4) hold the edges.
paint() { # $1 eyes/smile, $2 skin, $3 hair, $4 shirt, $5 wall above, $6 wall below, $7 lamp
  echo "$waving;st(0,clip(6-6*min($eyes,$smile),0,1));st(1,clip(20-20*min(min($head,$neck),$hand),0,1));st(2,clip(20-20*$hair,0,1));st(3,clip(40-40*min($body,$arm),0,1));st(4,$7*exp(-$lamp/60));st(5,$5+($6-$5)*Y/H+ld(4));st(5,ld(5)+($3-ld(5))*ld(2)*lt(Y,118));st(5,ld(5)+($4-ld(5))*ld(3));st(5,ld(5)+($2-ld(5))*ld(1));clip(ld(5)+($1-ld(5))*ld(0),0,255)"
}

ffmpeg -y -loglevel error -f lavfi -i "color=black:s=$size:r=$rate:d=$seconds" \
  -vf "format=gbrp,geq=r='$(paint 92 236 96 196 214 150 70)':g='$(paint 48 188 60 88 170 98 62)':b='$(paint 44 152 44 66 128 74 30)'" \
  -c:v ffv1 /tmp/customer.mkv

common="-y -loglevel error -i /tmp/customer.mkv -pix_fmt yuv420p -g $rate -keyint_min $rate"
ffmpeg $common -c:v libvpx -b:v 200k -auto-alt-ref 0 -deadline best -f ivf customer.vp8.ivf
ffmpeg $common -c:v libvpx-vp9 -b:v 160k -auto-alt-ref 0 -lag-in-frames 0 -deadline good -f ivf customer.vp9.ivf
ffmpeg $common -c:v libx264 -profile:v baseline -level 3.1 -b:v 200k -bf 0 -sc_threshold 0 \
  -x264-params aud=1:repeat-headers=1 -bsf:v filter_units=remove_types=6 -f h264 customer.h264
rm /tmp/customer.mkv
