package pipeline

import "slices"

// SampleInputs returns a few English texts and pairs of texts of various lengths and
// kinds: something to compare two models on (Compare) if nothing better is at hand. The
// texts that a model is used for say more. The slice belongs to the caller.
func SampleInputs() []Input {
	in := make([]Input, 0, len(sampleTexts)+len(samplePairs))
	for _, text := range sampleTexts {
		in = append(in, Text(text))
	}
	for _, pair := range samplePairs {
		in = append(in, Text(pair[0], slices.Clone(pair[1:])...))
	}
	return in
}

var sampleTexts = []string{
	"Good morning!",
	"The ferry to the island leaves at half past seven.",
	"I would not buy these shoes again: the soles came off after a week.",
	"What a wonderful evening, and the soup was the best I ever had.",
	"Dr. Amina Yusuf moved from Lagos to Rotterdam in 2016 to work for a shipping company.",
	"The function returns an error if the file cannot be opened.",
	"How long should rice be cooked?",
	"Heavy rain flooded two stations, so trains between the coast and the capital were cancelled until Thursday.",
	"She closed the book, listened for a moment, and put out the lamp.",
	"Water boils at a lower temperature on a mountain because the pressure of the air is lower there.",
	"lol ok see you at 8 then :)",
	"The committee has postponed its decision on the new bridge for the third time, although nobody who spoke at the hearing was against it.",
	"To restore a backup, stop the server, copy the folder to its old place, and start the server again with the option --check.",
	"An old dog sleeps under the table.",
	"Sales rose by 4.5 % to £1,280,000, which was less than analysts had expected.",
	"If the patient has a fever of more than 39 °C, or has been coughing for ten days, a doctor should be asked.",
}

var samplePairs = [][2]string{
	{"A girl is riding a horse along the beach.", "A girl is outdoors."},
	{"A girl is riding a horse along the beach.", "Nobody is on the beach."},
	{"Two men are repairing the roof of a barn.", "The barn belongs to the older of the two men."},
	{"All the windows were open when we came home.", "We had left the windows open on purpose."},
	{"The museum is closed on Mondays.", "On Mondays one can visit the museum until six."},
	{"He has eaten nothing since yesterday.", "He is hungry."},
	{"The violin was made in Cremona in 1715.", "The instrument is more than three hundred years old."},
	{"Where is the nearest pharmacy?", "There is a chemist's shop behind the town hall."},
	{"My order arrived two days late and the box was damaged.", "The parcel came late, and it was broken."},
	{"The lake freezes in most winters.", "Prices of houses near the lake have doubled."},
	{"Which river flows through Vienna?", "Vienna lies on the Danube, which crosses the city from the north-west to the south-east."},
	{"The team won the final after extra time.", "The team lost the final."},
	{"The compiler warns about variables that are never used.", "Unused variables produce a warning."},
	{"Few of the guests knew each other.", "Most of the guests were strangers to one another."},
	{"She plays the piano better than her brother.", "Her brother plays the piano better than she does."},
	{"Honey keeps for years if the jar is closed.", "The bus was full of schoolchildren."},
}
