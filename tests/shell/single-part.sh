set -euo pipefail

API_URL="${API_URL:?}"
APP_FILE="app-release.apk"
PLATFORM="android"
VERSION="prod"
OUTPUT_FILE="app-release-protected.apk"

FILE_SIZE=$(wc -c < "$APP_FILE" | tr -d '[:space:]')

# 1. Request a signed upload URL.
UPLOAD_RESPONSE=$(jq -n \
  --arg file_name "$(basename "$APP_FILE")" \
  --arg platform "$PLATFORM" \
  --arg version "$VERSION" \
  --argjson file_size "$FILE_SIZE" \
  '{file_name: $file_name, platform: $platform, version: $version, file_size: $file_size}' | \
  curl -sS -X POST "$API_URL/automate/upload" \
    -H "Authorization: Bearer $APPTEGO_API_KEY" \
    -H "Content-Type: application/json" \
    --data-binary @-)

JOB_ID=$(echo "$UPLOAD_RESPONSE" | jq -r '.job_id')
UPLOAD_URL=$(echo "$UPLOAD_RESPONSE" | jq -r '.upload_url')
IS_MULTIPART=$(echo "$UPLOAD_RESPONSE" | jq -r '.multipart // false')

if [ "$IS_MULTIPART" = "true" ]; then
  echo "This file requires multipart upload. Use the part_urls, upload_id, and file_path fields."
  exit 1
fi

# 2. Upload the app binary to the signed URL.
curl -sS -X PUT \
  -H "Content-Type: application/octet-stream" \
  --data-binary "@$APP_FILE" \
  "$UPLOAD_URL"

# 3. Wait for completion.
while true; do
  STATUS_RESPONSE=$(curl -sS "$API_URL/automate/status/$JOB_ID" \
    -H "Authorization: Bearer $APPTEGO_API_KEY")

  STATUS=$(echo "$STATUS_RESPONSE" | jq -r '.status')

  if [ "$STATUS" = "completed" ]; then
    echo "Build complete"
    break
  elif [ "$STATUS" = "failed" ]; then
    echo "$STATUS_RESPONSE" | jq -r '.error_message // "Build failed"'
    exit 1
  fi

  sleep 15
done

# 4. Request a signed download URL and download the protected app.
DOWNLOAD_RESPONSE=$(curl -sS "$API_URL/automate/download/$JOB_ID" \
  -H "Authorization: Bearer $APPTEGO_API_KEY")

DOWNLOAD_URL=$(echo "$DOWNLOAD_RESPONSE" | jq -r '.download_url')

curl -sS -L "$DOWNLOAD_URL" -o "$OUTPUT_FILE"
