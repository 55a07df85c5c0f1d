// Drives franz-go's schema registry client: schemas, settings, contexts, every call it has, and records through its Serde.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	. "highway.test/clients/common"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr"
)

type flight struct {
	Tail  string `json:"tail"`
	Delay int    `json:"delay"`
}

const (
	avro     = `{"type":"record","name":"Flight","fields":[{"name":"tail","type":"string"}]}`
	avroNext = `{"type":"record","name":"Flight","fields":[{"name":"tail","type":"string"},{"name":"delay","type":"int","default":0}]}`
	avroBad  = `{"type":"record","name":"Flight","fields":[{"name":"tail","type":"string"},{"name":"delay","type":"int"}]}`
)

// refused checks the status and the code of an error.
func refused(err error, status, code int, what string) {
	var response *sr.ResponseError
	Check(errors.As(err, &response), "%s: it was not refused: %v", what, err)
	Equal(response.StatusCode, status, what+": status")
	Equal(response.ErrorCode, code, what+": code")
}

func main() {
	bootstrap, registry := os.Args[1], os.Args[2]
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	client, err := sr.NewClient(sr.URLs(registry))
	Must(err, "client")
	topic := Name("go-schemas")
	subject := topic + "-value"

	types, err := client.SupportedTypes(ctx)
	Must(err, "types")
	Equal(len(types), 3, "types")
	first := schemas(ctx, client, subject)
	settings(ctx, client, subject)
	references(ctx, client, topic)
	contexts(ctx, registry, topic)
	imported(ctx, client, topic)
	records(ctx, bootstrap, topic, first)
	deleted(ctx, client, subject)
	Finish("franz-go/pkg/sr", "1.8.0")
}

// schemas registers, finds and evolves; the id of the latest version is given back.
func schemas(ctx context.Context, client *sr.Client, subject string) int {
	_, err := client.Schemas(ctx, subject)
	refused(err, 404, 40401, "no subject")
	one, err := client.CreateSchema(ctx, subject, sr.Schema{Schema: avro})
	Must(err, "register")
	Equal(one.Version, 1, "the first version")
	Equal(one.Subject, subject, "its subject")
	again, err := client.RegisterSchema(ctx, subject, sr.Schema{Schema: avro}, -1, -1)
	Must(err, "register again")
	Equal(again, one.ID, "the same id")
	verdict, err := client.CheckCompatibility(sr.WithParams(ctx, sr.Verbose), subject, -1, sr.Schema{Schema: avroBad})
	Must(err, "compatibility")
	Check(!verdict.Is && len(verdict.Messages) > 0, "not compatible, with reasons: %v", verdict)
	verdict, err = client.CheckCompatibility(ctx, subject, -2, sr.Schema{Schema: avroNext})
	Must(err, "compatibility with all")
	Check(verdict.Is, "compatible")
	_, err = client.CreateSchema(ctx, subject, sr.Schema{Schema: avroBad})
	refused(err, 409, 40901, "an incompatible schema")
	_, err = client.CreateSchema(ctx, subject, sr.Schema{Schema: "nonsense"})
	refused(err, 422, 42201, "no schema")
	two, err := client.CreateSchema(ctx, subject, sr.Schema{Schema: avroNext})
	Must(err, "evolve")
	Equal(two.Version, 2, "the second version")

	versions, err := client.SubjectVersions(ctx, subject)
	Must(err, "versions")
	Check(slices.Equal(versions, []int{1, 2}), "versions: %v", versions)
	found, err := client.LookupSchema(ctx, subject, sr.Schema{Schema: avro})
	Must(err, "look up")
	Equal(found.Version, 1, "looked up")
	latest, err := client.SchemaByVersion(ctx, subject, -1)
	Must(err, "latest")
	Equal(latest.ID, two.ID, "the latest")
	text, err := client.SchemaTextByVersion(ctx, subject, 2)
	Must(err, "text")
	Equal(text, avroNext, "the text of a version")
	text, err = client.SchemaTextByID(ctx, one.ID)
	Must(err, "text by id")
	Equal(text, avro, "the text of an id")
	byID, err := client.SchemaByID(ctx, one.ID)
	Must(err, "by id")
	Equal(byID.Schema, avro, "by id")
	byGUID, err := client.SchemaByGUID(ctx, latest.GUID)
	Must(err, "by GUID")
	Equal(byGUID.Schema.Schema, avroNext, "by GUID")
	ids, err := client.SchemaIDsByGUID(ctx, latest.GUID)
	Must(err, "ids of a GUID")
	Check(slices.Contains(ids, sr.ContextID{Context: ".", ID: two.ID}), "ids of a GUID: %v", ids)
	subjects, err := client.SubjectsByID(ctx, two.ID)
	Must(err, "subjects of an id")
	Check(slices.Contains(subjects, subject), "subjects of an id: %v", subjects)
	places, err := client.SchemaVersionsByID(ctx, two.ID)
	Must(err, "versions of an id")
	Check(slices.Contains(places, sr.SubjectVersion{Subject: subject, Version: 2}), "versions of an id: %v", places)
	all, err := client.AllSchemas(sr.WithParams(ctx, sr.SubjectPrefix(subject)))
	Must(err, "all schemas")
	Equal(len(all), 2, "schemas below a prefix")
	usages, err := client.SchemaUsagesByID(ctx, two.ID)
	Must(err, "usages")
	Check(len(usages) >= 1, "usages: %v", usages)
	_, err = client.SchemaByID(ctx, 123456789)
	refused(err, 404, 40403, "no id")
	_, err = client.SchemaByVersion(ctx, subject, 9)
	refused(err, 404, 40402, "no version")
	return two.ID
}

func settings(ctx context.Context, client *sr.Client, subject string) {
	for _, set := range client.SetCompatibility(ctx, sr.SetCompatibility{Level: sr.CompatFullTransitive, Normalize: true}, subject) {
		Must(set.Err, "set the level")
		Equal(set.Level, sr.CompatFullTransitive, "the level that was set")
	}
	for _, seen := range client.Compatibility(ctx, subject) {
		Must(seen.Err, "the level")
		Check(seen.Level == sr.CompatFullTransitive && seen.Normalize, "the level: %v", seen)
	}
	for _, reset := range client.ResetCompatibility(ctx, subject) {
		Must(reset.Err, "reset the level")
	}
	refused(client.Compatibility(ctx, subject)[0].Err, 404, 40408, "no level of its own")
	seen := client.Compatibility(sr.WithParams(ctx, sr.DefaultToGlobal), subject)[0]
	Must(seen.Err, "the level that counts")
	Must(client.SetMode(ctx, sr.ModeReadOnly, subject)[0].Err, "set the mode")
	Equal(client.Mode(ctx, subject)[0].Mode, sr.ModeReadOnly, "the mode")
	_, err := client.CreateSchema(ctx, subject, sr.Schema{Schema: `"int"`})
	refused(err, 422, 42205, "read only")
	Must(client.ResetMode(ctx, subject)[0].Err, "reset the mode")
	refused(client.Mode(ctx, subject)[0].Err, 404, 40409, "no mode of its own")
	Equal(client.Mode(ctx)[0].Mode, sr.ModeReadWrite, "the mode of all")
}

func references(ctx context.Context, client *sr.Client, topic string) {
	used, using := topic+"-used", topic+"-using"
	_, err := client.CreateSchema(ctx, used, sr.Schema{Type: sr.TypeProtobuf, Schema: `syntax = "proto3"; message Used { int32 a = 1; }`})
	Must(err, "the used")
	reference := sr.SchemaReference{Name: "used.proto", Subject: used, Version: 1}
	made, err := client.CreateSchema(ctx, using, sr.Schema{
		Type: sr.TypeProtobuf, Schema: `syntax = "proto3"; import "used.proto"; message Using { Used u = 1; }`,
		References: []sr.SchemaReference{reference},
	})
	Must(err, "the using")
	Check(slices.Equal(made.References, []sr.SchemaReference{reference}), "references: %v", made.References)
	by, err := client.SchemaReferences(ctx, used, 1)
	Must(err, "referenced by")
	Check(len(by) == 1 && by[0].Subject == using, "referenced by: %v", by)
	refused(client.DeleteSchema(ctx, used, 1, sr.SoftDelete), 422, 42206, "still used")
	_, err = client.CreateSchema(ctx, topic+"-json", sr.Schema{
		Type: sr.TypeJSON, Schema: `{"type":"object"}`,
		SchemaMetadata: &sr.SchemaMetadata{Properties: map[string]string{"owner": "me"}},
		SchemaRuleSet: &sr.SchemaRuleSet{DomainRules: []sr.SchemaRule{{
			Name: "r", Kind: sr.SchemaRuleKindCondition, Mode: sr.SchemaRuleModeWrite, Type: "CEL", Expr: "true", Tags: []string{},
		}}},
	})
	Must(err, "metadata and rules")
	seen, err := client.SchemaByVersion(ctx, topic+"-json", 1)
	Must(err, "metadata and rules, read")
	Equal(seen.SchemaMetadata.Properties["owner"], "me", "metadata")
	Equal(seen.SchemaRuleSet.DomainRules[0].Type, "CEL", "rules")
}

func contexts(ctx context.Context, registry, topic string) {
	name := "." + topic
	inside, err := sr.NewClient(sr.URLs(registry), sr.DefaultSchemaContext(name))
	Must(err, "client of a context")
	made, err := inside.CreateSchema(ctx, "s", sr.Schema{Schema: `"string"`})
	Must(err, "register in a context")
	Equal(made.ID, 1, "ids are of the context")
	subjects, err := inside.Subjects(ctx)
	Must(err, "subjects of a context")
	Equal(fmt.Sprint(subjects), fmt.Sprintf("[:%s:s]", name), "subjects of a context")
	outside, err := sr.NewClient(sr.URLs(registry))
	Must(err, "client")
	all, err := outside.Contexts(ctx)
	Must(err, "contexts")
	Check(slices.Contains(all, name), "contexts: %v", all)
	refused(outside.DeleteContext(ctx, name), 422, 42211, "a context with a subject")
	for _, how := range []sr.DeleteHow{sr.SoftDelete, sr.HardDelete} {
		_, err = inside.DeleteSubject(ctx, "s", how)
		Must(err, "delete in a context")
	}
	Must(outside.DeleteContext(ctx, name), "delete a context")
}

func imported(ctx context.Context, client *sr.Client, topic string) {
	subject := topic + "-imported"
	Must(client.SetMode(ctx, sr.ModeImport, subject)[0].Err, "import")
	made, err := client.CreateSchemaWithIDAndVersion(ctx, subject, sr.Schema{Schema: `"bytes"`}, 700001, 7)
	Must(err, "with id and version")
	Check(made.ID == 700001 && made.Version == 7, "with id and version: %v", made)
	Must(client.ResetMode(ctx, subject)[0].Err, "no more import")
}

// records go through the Serde, whose header says the id.
func records(ctx context.Context, bootstrap, topic string, id int) {
	serde := sr.NewSerde()
	serde.Register(id, flight{}, sr.EncodeFn(json.Marshal), sr.DecodeFn(json.Unmarshal))
	client, err := kgo.NewClient(kgo.SeedBrokers(bootstrap), kgo.AllowAutoTopicCreation(), kgo.ConsumeTopics(topic))
	Must(err, "Kafka client")
	defer client.Close()
	for n := range 20 {
		value := serde.MustEncode(flight{Tail: fmt.Sprint("N", n), Delay: n})
		Must(client.ProduceSync(ctx, &kgo.Record{Topic: topic, Value: value}).FirstErr(), "produce")
	}
	for n := 0; n < 20; {
		fetches := client.PollFetches(ctx)
		Must(fetches.Err(), "fetch")
		for _, record := range fetches.Records() {
			var seen flight
			Must(serde.Decode(record.Value, &seen), "decode")
			Equal(seen, flight{Tail: fmt.Sprint("N", n), Delay: n}, "a record")
			n++
		}
	}
}

func deleted(ctx context.Context, client *sr.Client, subject string) {
	refused(client.DeleteSchema(ctx, subject, 1, sr.HardDelete), 404, 40407, "not deleted softly")
	Must(client.DeleteSchema(ctx, subject, 1, sr.SoftDelete), "delete a version")
	refused(client.DeleteSchema(ctx, subject, 1, sr.SoftDelete), 404, 40406, "deleted already")
	versions, err := client.DeleteSubject(ctx, subject, sr.SoftDelete)
	Must(err, "delete a subject")
	Check(slices.Equal(versions, []int{2}), "deleted versions: %v", versions)
	listed, err := client.Subjects(sr.WithParams(ctx, sr.DeletedOnly))
	Must(err, "deleted subjects")
	Check(slices.Contains(listed, subject), "deleted subjects: %v", listed)
	_, err = client.DeleteSubject(ctx, subject, sr.HardDelete)
	Must(err, "delete for good")
	listed, err = client.Subjects(sr.WithParams(ctx, sr.ShowDeleted))
	Must(err, "subjects")
	Check(!slices.Contains(listed, subject), "it is gone")
}
