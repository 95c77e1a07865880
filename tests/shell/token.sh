set -euo pipefail

# As ./dev serve prints them.
API_URL="${API_URL:?}"
AWS_ENDPOINT_URL="${AWS_ENDPOINT_URL:?}"
USER_POOL_CLIENT_ID="${USER_POOL_CLIENT_ID:?}"
TENANT_NAME="Example Tenant"
PERMISSIONS="user_and_api_management"

# An answer as one line; a refusal, or none that could be read, ends the script.
ANSWER='input | if .error then error(.error) else . end'

# 1. Sign in with a password.
JWT=$(
curl -sS --fail-with-body "$AWS_ENDPOINT_URL" -H 'Content-Type: application/x-amz-json-1.1' \
    -H 'X-Amz-Target: AWSCognitoIdentityProviderService.InitiateAuth' --data-binary @- <<END | jq -r .AuthenticationResult.IdToken
{"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": "$USER_POOL_CLIENT_ID",
 "AuthParameters": {"USERNAME": "owner@example.com", "PASSWORD": "Local-password-1"}}
END
)
echo "Signed in"

# 2. Create a tenant.
CREATE_RESPONSE=$(jq -n --arg tenant_name "$TENANT_NAME" '{tenant_name: $tenant_name}' | \
  curl -sS -X POST "$API_URL/frontend/create_tenant" \
    -H "Authorization: Bearer $JWT" \
    -H "Content-Type: application/json" \
    --data-binary @- | jq -nc "$ANSWER")

TENANT_ID=$(echo "$CREATE_RESPONSE" | jq -r '.tenant_id')
echo "Created the tenant $TENANT_ID"

# 3. New tenants are on FREE, which has no API tokens, and no call changes plans: wait until an operator has.
echo "Waiting for ./dev operate set-plan $TENANT_ID TEAM"

while true; do
  PLAN=$(curl -sS "$API_URL/frontend/get_tenant_subscription" \
    -H "Authorization: Bearer $JWT" \
    -H "tenant: $TENANT_ID" | jq -nc "$ANSWER" | jq -r '.subscription')

  if [ "$PLAN" != "FREE" ]; then
    echo "The tenant is on $PLAN"
    break
  fi

  sleep 1
done

# 4. Create an API token, and give it permissions.
TOKEN_RESPONSE=$(curl -sS -X POST "$API_URL/frontend/create_api_token" \
  -H "Authorization: Bearer $JWT" \
  -H "tenant: $TENANT_ID" \
  -H "Content-Type: application/json" \
  --data-binary '{}' | jq -nc "$ANSWER")

TOKEN_KEY=$(echo "$TOKEN_RESPONSE" | jq -r '.token_key')
TOKEN_SECRET=$(echo "$TOKEN_RESPONSE" | jq -r '.token_secret')
echo "Created the token $TOKEN_KEY"

jq -n --arg user_id "$TOKEN_KEY" --arg permissions "$PERMISSIONS" '{user_id: $user_id, permissions: $permissions}' | \
  curl -sS -X POST "$API_URL/frontend/update_user_permissions" \
    -H "Authorization: Bearer $JWT" \
    -H "tenant: $TENANT_ID" \
    -H "Content-Type: application/json" \
    --data-binary @- | jq -nc "$ANSWER"

curl -sS "$API_URL/frontend/get_api_tokens_permissions" \
  -H "Authorization: Bearer $JWT" \
  -H "tenant: $TENANT_ID" | jq -nc "$ANSWER"

# 5. Call with the token, as "API Tokens" in the API reference shows it.
TOKEN=$(printf '%s' "$TOKEN_KEY:$TOKEN_SECRET" | base64)

{
curl -sS "$API_URL/frontend/get_tenants" \
  -H "Authorization: Bearer $TOKEN"
} | jq -nc "$ANSWER"

# 6. Call in the tenant, as "Authentication" shows it.
{
curl -sS -X POST "$API_URL/frontend/get_applications" \
  -H "Authorization: Bearer $TOKEN" \
  -H "tenant: $TENANT_ID" \
  -H "Content-Type: application/json" \
  --data-binary '{}'
} | jq -nc "$ANSWER | .applications"

# 7. The token deletes itself.
jq -n --arg token_key "$TOKEN_KEY" '{token_key: $token_key}' | \
  curl -sS -X POST "$API_URL/frontend/delete_api_token" \
    -H "Authorization: Bearer $TOKEN" \
    -H "tenant: $TENANT_ID" \
    -H "Content-Type: application/json" \
    --data-binary @- | jq -nc "$ANSWER"
