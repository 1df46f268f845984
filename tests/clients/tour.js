// Lists, fetches and deletes by the vendor's library; prints what it was given as one JSON object.
const twilio = require("twilio");

async function tour(client) {
  const recordings = await client.recordings.list({ pageSize: 2 });
  const [recording] = recordings;
  const results = client.recordings(recording.sid).addOnResults;
  const listed = await results.list({ pageSize: 1 });
  const [first, second] = listed;
  const payloads = results(first.sid).payloads;
  const files = await payloads.list({ pageSize: 1 });
  const fetched = await results(first.sid).fetch();
  const file = await payloads(files[0].sid).fetch();
  const { redirect_to: link } = await payloads(files[0].sid).data().fetch();
  const data = await (await fetch(link)).json();
  const removed = [
    await payloads(files[0].sid).remove(),
    await results(first.sid).remove(),
    await results(second.sid).remove(),
  ];
  const refusal = await results(first.sid).fetch().catch((problem) => problem);
  const left = await results.list();
  return {
    recordings: recordings.map((one) => one.toJSON()),
    results: listed.map((one) => one.toJSON()),
    payloads: files.map((one) => one.toJSON()),
    fetched: [fetched.toJSON(), file.toJSON()],
    event: data.event,
    removed,
    refusal: { status: refusal.status, code: refusal.code, message: refusal.message },
    left: left.map((one) => one.sid),
    accounts: (await client.api.v2010.accounts.list()).map((one) => one.sid),
  };
}

tour(twilio(process.env.TWILIO_ACCOUNT_SID, process.env.TWILIO_AUTH_TOKEN)).then((told) =>
  process.stdout.write(JSON.stringify(told)),
);
