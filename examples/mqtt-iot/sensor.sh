# A sensor: says that it is there, then a temperature each half second, up and down by one degree. When it is cut
# off, the broker says so in its place (the "last will").
set -eu
mosquitto_pub -h broker -q 1 -r -t "status/$ROOM" -m online
n=0
while true; do
  case $((n % 4)) in
    1) echo $((BASE + 1)) ;;
    3) echo $((BASE - 1)) ;;
    *) echo "$BASE" ;;
  esac
  n=$((n + 1))
  sleep 0.5
done | mosquitto_pub -h broker -q 1 -l -k 5 -t "sensors/$ROOM" \
  --will-topic "status/$ROOM" --will-payload offline --will-retain --will-qos 1
