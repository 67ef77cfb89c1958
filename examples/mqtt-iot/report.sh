# Averages of all that was recorded so far, one retained message for each room.
set -eu
readings=/var/lib/mosquitto/readings
[ -s "$readings" ] || { echo "nothing was recorded yet"; exit 0; }
awk '{ sum[$1] += $2; count[$1]++ }
     END { for (topic in sum) print topic, int(sum[topic] / count[topic]) }' "$readings" |
  while read -r topic average; do
    mosquitto_pub -h broker -q 1 -r -t "report/${topic#sensors/}" -m "$average degrees"
  done
echo "reported on $(wc -l < "$readings") readings"
