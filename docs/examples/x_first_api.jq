# Posts of X's API 2 from a dump of its first API: jq -c -f x_first_api.jq dump.json > x.json
(.delete?.status?.id_str? // empty | {id: ., action: "delete"}), (..
  | select(.user?.id_str? and (.retweeted_status | not)) | {
  id: .id_str, text: (.extended_tweet.full_text // .full_text // .text), lang: (.lang // "und"),
  created_at: (.created_at | strptime("%a %b %d %T %z %Y") | todate),
  author_id: .user.id_str, author: {id: .user.id_str, username: (.user.screen_name // ""), name: (.user.name // "")},
  entities: {urls: [(.extended_tweet // .).entities.urls[]? | {start: .indices[0], end: .indices[1], expanded_url,
    display_url} | select(.end)]},
  public_metrics: {retweet_count, reply_count, quote_count, like_count: .favorite_count}})
