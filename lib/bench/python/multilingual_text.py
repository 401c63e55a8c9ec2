"""Writes a text of many scripts: twelve languages, source code, numbers, emoji.

    python lib/bench/python/multilingual_text.py mixed.txt --megabytes 20

The sentences were written for this. One word in four is replaced by a made-up one, the head of a
word with the tail of another; which one follows Zipf's law, so a few come often and most once or
twice. The same seed and size give the same bytes on every machine and Python.
"""

import argparse
import random

MADE_UP = 0.25  # of the words
DISTINCT = 300_000  # made-up words of a language, at most

# Words are parted by blanks, or by | in scripts that write none.
SENTENCES = {
    "English": (
        " ",
        "The baker opens her shop before the sun is up, and half the street wakes to the smell.",
        "Nobody could say afterwards who had left the gate open that night.",
        "If it doesn't rain tomorrow, we'll walk along the river as far as the old mill.",
        "She counted the coins twice, frowned, and pushed them back across the table.",
        "There's a map in the drawer, but half of the roads on it aren't there anymore.",
    ),
    "German": (
        " ",
        "Der Zug nach Süden hatte wieder Verspätung, und niemand wusste warum.",
        "Im Frühling blühen die Kirschbäume vor unserem Küchenfenster.",
        "Mein Großvater erzählte gern von der Zeit, als die Straße noch ein Feldweg war.",
        "Die Wettervorhersage für das Wochenende klingt überraschend freundlich.",
        "Können Sie mir bitte sagen, wo die nächste Haltestelle liegt?",
    ),
    "French": (
        " ",
        "Le marché du samedi commence tôt, bien avant que le café ne soit ouvert.",
        "Elle a oublié son parapluie près de la fenêtre, comme d'habitude.",
        "Où est passée la clé du grenier ? Personne ne l'a vue depuis l'été.",
        "Les enfants ont construit une cabane derrière l'église du village.",
        "Ça ne m'étonne pas : il a toujours préféré la forêt à la mer.",
    ),
    "Russian": (
        " ",
        "Утром в деревне было тихо, только собака лаяла за рекой.",
        "Он написал длинное письмо, но так и не отправил его.",
        "Вечером мы сидели у окна и слушали, как идёт дождь.",
        "Новая библиотека открылась рядом с вокзалом в прошлом году.",
        "Сколько стоит билет до следующей станции?",
    ),
    "Greek": (
        " ",
        "Το καράβι έφυγε νωρίς το πρωί από το μικρό λιμάνι.",
        "Η γιαγιά μου φτιάχνει το καλύτερο ψωμί στη γειτονιά.",
        "Πού βρίσκεται ο σταθμός του τρένου, παρακαλώ;",
        "Το καλοκαίρι κοιμόμαστε με τα παράθυρα ανοιχτά.",
        "Δεν θυμάμαι πια το όνομα εκείνου του δρόμου.",
    ),
    "Arabic": (
        " ",
        "وصل القطار متأخرا وكان المسافرون ينتظرون على الرصيف.",
        "تفتح المكتبة أبوابها كل صباح قبل الساعة الثامنة.",
        "زرعت جدتي شجرة ليمون خلف البيت قبل سنوات طويلة.",
        "هل تعرف الطريق إلى السوق القديم في وسط المدينة؟",
        "كتب الطالب رسالة قصيرة إلى أستاذه ثم خرج.",
    ),
    "Hindi": (
        " ",
        "सुबह की चाय के साथ वह रोज़ अख़बार पढ़ता है।",
        "बारिश के बाद गाँव की सड़कें कीचड़ से भर गईं।",
        "क्या आप मुझे पुस्तकालय का रास्ता बता सकते हैं?",
        "बच्चे नदी के किनारे पतंग उड़ा रहे थे।",
        "मेरी बहन अगले साल विश्वविद्यालय जाएगी।",
    ),
    "Chinese": (
        "|",
        "今天|早上|的|市场|很|热闹|，|到处|都是|卖|水果|的|人|。",
        "他|把|雨伞|忘|在|图书馆|门口|了|。",
        "请问|，|去|火车站|应该|怎么|走|？",
        "春天|来|了|，|河边|的|柳树|慢慢|变|绿|。",
        "我们|下个月|要|搬到|一座|新的|城市|。",
    ),
    "Japanese": (
        "|",
        "駅前の|パン屋は|朝|六時に|店を|開けます|。",
        "昨日|買った|カメラで|庭の|花を|撮りました|。",
        "雨が|やんだら|、|川まで|散歩に|行きましょう|。",
        "すみません|、|図書館は|どこに|ありますか|？",
        "祖父は|コーヒーを|飲みながら|新聞を|読んでいた|。",
    ),
    "Korean": (
        " ",
        "아침 시장에는 과일을 사러 온 사람들이 많았다.",
        "그는 우산을 버스에 두고 내린 것을 나중에 알았다.",
        "도서관은 역에서 걸어서 오 분쯤 걸립니다.",
        "봄이 오면 강가의 벚나무에 꽃이 핀다.",
        "내일 비가 오지 않으면 산에 올라갈까요?",
    ),
    "Thai": (
        "|",
        "ตลาด|เช้า|วันนี้|มี|คน|มาก|กว่า|ทุก|วัน",
        "เขา|ลืม|ร่ม|ไว้|ที่|สถานี|รถไฟ",
        "ห้องสมุด|เปิด|ตอน|แปด|โมง|เช้า",
        "ฝน|ตก|หนัก|จน|ถนน|หน้า|บ้าน|น้ำ|ท่วม",
        "ขอโทษ|ครับ| |ไป|ตลาด|ทาง|ไหน",
    ),
    "Turkish": (
        " ",
        "Sabahın erken saatlerinde balıkçılar limana döndü.",
        "Komşumuzun bahçesindeki incir ağacı bu yıl çok meyve verdi.",
        "Kütüphaneye nasıl gidebileceğimi söyler misiniz?",
        "Kış gelince köyün yolları karla kapanır.",
        "Öğrenciler sınavdan sonra göl kıyısında buluştular.",
    ),
    "code": (
        " ",
        "    for (int i = 0; i < length; i++) { sum += values[i] * weights[i]; }",
        'if name not in table: raise KeyError(f"no such entry: {name!r}")',
        "public static Map<String, List<Integer>> index(Path file) throws IOException {",
        "\treturn left == null ? right : merge(left.next(), right); // keeps the order",
        "const total = items.filter(x => x.price > 9.99).map(x => x.count).reduce((a, b) => a + b);",
    ),
}
EMOJI = "😀 😂 🚀 🌍 🎉 🐈 ❤️ 👍🏽 👩‍🚀 🇩🇪 🇯🇵 ☕ 🌧️ 🍋 📚".split()


class Writer:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.languages = list(SENTENCES)
        self.words = {
            name: sorted({w for s in sentences for w in s.split(blank)} - {"", " "})
            for name, (blank, *sentences) in SENTENCES.items()
        }
        self.made_up = {}

    def below(self, n):
        # random() alone is promised to stay the same in later versions of Python.
        return int(self.random.random() * n)

    def choose(self, items):
        return items[self.below(len(items))]

    def made_up_word(self, language):
        number = int(DISTINCT ** self.random.random())
        word = self.made_up.get((language, number))
        if word is None:
            head, tail = self.choose(self.words[language]), self.choose(self.words[language])
            middle = self.choose(self.words[language])
            inner = self.below(len(middle))
            word = (
                head[: 1 + self.below(len(head))]
                + middle[inner : inner + 1 + self.below(4)]
                + tail[self.below(len(tail)) :]
            )
            self.made_up[language, number] = word
        return word

    def number(self):
        size = 10 ** (1 + self.below(7))
        shape = self.choose(("{}", "{:,}", "{:.2f}", "0x{:x}", "{}%", "20{:02d}-{:02d}-{:02d}"))
        if "-" in shape:
            return shape.format(self.below(30), 1 + self.below(12), 1 + self.below(28))
        return shape.format(self.random.random() * size if "f" in shape else self.below(size))

    def line(self):
        language = self.choose(self.languages)
        blank, *sentences = SENTENCES[language]
        out = []
        for word in self.choose(sentences).split(blank):
            out.append(word)
            if self.random.random() < MADE_UP and word.strip():
                out[-1] = self.made_up_word(language)
        if self.random.random() < 0.2:
            out.insert(self.below(len(out)), " " + self.number() + " " if blank == "|" else self.number())
        if self.random.random() < 0.1:
            out.append(" " + "".join(self.choose(EMOJI) for _ in range(1 + self.below(3))))
        return ("" if blank == "|" else blank).join(out)

    def text(self, size):
        """UTF-8 of whole lines, of about so many bytes."""
        parts, length = [], 0
        while length < size:
            parts.append((self.line() + "\n").encode())
            length += len(parts[-1])
        return b"".join(parts)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("out")
    p.add_argument("--megabytes", type=float, default=100)
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    with open(a.out, "wb") as file:
        file.write(Writer(a.seed).text(a.megabytes * 1e6))


if __name__ == "__main__":
    main()
