#!/usr/bin/env bash
# The import as people do it by hand: one pass over the whole file after the other. Pauses between looks are left out.
# manual-import.sh URL CHECKSUM_URL BUCKET, in an empty directory; prints the snapshot and the seconds of its import task.
set -euo pipefail
url=$1 checksum_url=$2 bucket=$3
file=$(basename "$url")
# Debian's aws takes the endpoint only as an option.
aws() { command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }

curl -sSfO "$url"
curl -sSf "$checksum_url" | sed -n "s/^SHA256 ($file) = \(.*\)/\1  $file/p" >"$file.sha256"
sha256sum --quiet -c "$file.sha256"
qemu-img convert -f qcow2 -O vhdx "$file" disk.vhdx
md5=$(openssl md5 -binary disk.vhdx | base64)
aws s3api put-object --bucket "$bucket" --key disk.vhdx --body disk.vhdx --content-md5 "$md5" >/dev/null

started=$(date +%s.%N)
task=$(aws ec2 import-snapshot --query ImportTaskId --output text \
  --disk-container "Format=VHDX,UserBucket={S3Bucket=$bucket,S3Key=disk.vhdx}")
until [ "$(aws ec2 describe-import-snapshot-tasks --import-task-ids "$task" \
  --query 'ImportSnapshotTasks[0].SnapshotTaskDetail.Status' --output text)" = completed ]; do :; done
snapshot=$(aws ec2 describe-import-snapshot-tasks --import-task-ids "$task" \
  --query 'ImportSnapshotTasks[0].SnapshotTaskDetail.SnapshotId' --output text)
ended=$(date +%s.%N)

image=$(aws ec2 register-image --name manual --architecture x86_64 --virtualization-type hvm --ena-support \
  --root-device-name /dev/xvda --query ImageId --output text \
  --block-device-mappings "DeviceName=/dev/xvda,Ebs={SnapshotId=$snapshot}")
aws ec2 create-tags --resources "$image" "$snapshot" --tags Key=Name,Value=manual Key=automation,Value=false
aws ec2 describe-images --image-ids "$image" >/dev/null
echo "$snapshot $(echo "$ended - $started" | bc)"
