"""Surnames so common that an initial beside them identifies nobody, and nicknames. Folded: lowercase, no accents."""

from __future__ import annotations

_CHINESE = """
bai cai cao chan chang chao chen cheng chi chong chou chow chu chung cui dai deng ding dong du duan fan fang feng fong
fu gao gong gu guan guo han hao he ho hong hou hsieh hsu hu huang hung jia jiang jin kang kong kwok lai lam lau lee
lei leung li liang liao lim lin ling liu lo long lu luo lv lyu ma mao meng mo ng pan peng qi qian qin qiu ren shao
shen shi song su sun tan tang tao tian tong tsai tseng tu wan wang wei wen wong wu xia xiang xiao xie xing xiong xu
xue yan yang yao ye yi yin you yu yuan yue zeng zhan zhang zhao zheng zhong zhou zhu zhuang zou
"""
_KOREAN_AND_VIETNAMESE = """
ahn an bae baek cha cho choe choi chun gwon heo hwang im jang jeon jeong jo joo jung kim ko koo kwon min moon nam noh
oh paik park ryu seo shim shin son sung woo yoo yoon you youn yun
bui dang dao dinh do doan duong hoang huynh le luong ly ngo nguyen pham phan tran trinh truong vo vu
"""
_JAPANESE = """
abe aoki endo fujita fujiwara fukuda goto hara hasegawa hashimoto hayashi ikeda inoue ishida ishii ishikawa ito kato
kimura kobayashi kondo maeda matsuda matsumoto mori murakami nakajima nakamura nakano nishimura ogawa okada ono ota
saito sakai sakamoto sasaki sato shimizu suzuki takahashi takeda tamura tanaka ueda watanabe yamada yamaguchi yamamoto
yamashita yamazaki yoshida
"""
_INDIAN = """
agarwal agrawal ahuja arora banerjee basu bhatt bhattacharya bose chakraborty chatterjee chaudhary chopra choudhury
das datta desai dutta gandhi ghosh goyal gupta iyer jain jha joshi kapoor khanna krishnan kulkarni kumar malhotra
mehta mishra mukherjee nair pandey patel pillai prasad raj rajan rao reddy roy saha saxena sen shah sharma shukla
singh singhal sinha srinivasan srivastava subramanian thakur tiwari trivedi varma verma yadav
"""
_ENGLISH = """
adams alexander allen anderson bailey baker barnes bell bennett brooks brown bryant butler campbell carter clark
clarke coleman collins cook cooper cox davies davis diaz edwards ellis evans fisher ford foster fox gibson gordon
graham grant gray green griffin hall hamilton harris harrison harvey hayes henderson henry hill holmes howard hughes
hunt hunter jackson james jenkins johnson jones jordan kelly kennedy king knight lawrence lewis long marshall martin
mason mcdonald miller mills mitchell moore morgan morris murphy murray myers nelson owens palmer parker patterson
perry peterson phillips porter powell price reed reynolds rice richards richardson roberts robertson robinson rogers
rose ross russell sanders scott shaw simmons simpson smith spencer stevens stewart stone sullivan taylor thomas
thompson tucker turner wagner walker wallace ward warren washington watson webb wells west white williams wilson wood
woods wright young
"""
_ROMANCE = """
alonso alvarez blanco cabrera campos castillo castro cruz delgado dominguez fernandez flores garcia gimenez gomez
gonzalez gutierrez guzman hernandez herrera iglesias jimenez lopez marin marquez martinez medina mendez mendoza molina
morales moreno munoz navarro nunez ortega ortiz pena perez ramirez ramos reyes rios rivera rodriguez rojas romero
rubio ruiz salazar sanchez sanz serrano soto suarez torres vargas vasquez vazquez vega velasco
almeida alves araujo barbosa cardoso carvalho costa dias fernandes ferreira gomes goncalves lima lopes machado marques
martins melo mendes moreira nascimento nunes oliveira pereira pinto ribeiro rocha rodrigues santos silva soares sousa
souza teixeira vieira
andre bernard bertrand blanc bonnet boyer chevalier david dubois dupont durand faure fournier francois garnier
gauthier girard guerin lambert laurent leblanc lefebvre leroy mercier michel moreau morel muller nicolas petit richard
robert roche rousseau roussel roux simon vincent
barbieri bianchi bruno caruso colombo conti costa esposito ferrara ferrari fontana gallo giordano greco leone lombardi
longo mancini mariani marino martinelli moretti ricci rinaldi rizzo romano rossi russo santoro
"""
_GERMANIC = """
bauer baumann beck becker berger braun fischer frank fuchs graf hahn hartmann herrmann hofmann hoffmann huber jung
kaiser keller klein koch koehler kohler konig koenig kraus krause kruger krueger kuhn lang lange lehmann maier mayer
meier meyer muller mueller neumann peters pfeiffer richter roth sauer schafer schaefer schmid schmidt schmitt
schneider scholz schreiber schroder schroeder schubert schulte schulz schulze schumacher schuster schwarz simon sommer
stein vogel vogt walter weber weiss werner winkler winter wolf wolff ziegler zimmermann
bakker berg boer bos brouwer dekker dijk groot haan hendriks jansen janssen jong leeuwen linden meijer mulder smit
visser vries vos
andersen andersson berg carlsson christensen eriksson gustafsson hansen hansson jansson jensen johansen johansson
jorgensen karlsson kristensen larsen larsson lindberg lund madsen nielsen nilsen nilsson olsen olsson pedersen persson
petersen petersson rasmussen sorensen svensson thomsen
"""
_FURTHER = """
ivanov ivanova kovalev kozlov kuznetsov lebedev morozov novak novikov pavlov petrov petrova popov popova semenov
smirnov smirnova sokolov volkov vasiliev dvorak horvath kiss kovac kovacs kowalska kowalski lewandowski nagy nowak
popescu szabo toth varga wisniewski wojcik
aydin celik demir kaya ozturk sahin yildirim yildiz yilmaz
abbasi ahmad ahmadi ahmed akbari ali amin amiri ansari aziz bakr begum chowdhury farooq habib haddad hamid hasan
hassan hosseini hossain hussain hussein ibrahim iqbal islam ismail jafari karim karimi khalil khan mahmood mahmoud
malik mohamed mohammad mohammadi mohammed moradi mostafa mustafa nasr omar qureshi rahimi rahman rashid rezaei sadeghi
saleh salem sharif siddiqui tariq uddin yousef zhou
cohen friedman goldberg katz levi levy mizrahi shapiro
"""

_CALLED = """
aleksandr-sasha alexander-sasha alexandra-sasha andrew-andy andrew-drew anthony-tony antonio-toni barbara-babs
catherine-kate catherine-katie charles-charlie charles-chuck deborah-debbie edward-ted elena-lena elizabeth-betsy
elizabeth-liz elizabeth-lizzie evgeny-eugene francis-frank frederick-fritz gerald-jerry giuseppe-beppe henry-harry
james-jim james-jimmy johannes-hans john-jack john-johnny jose-pepe katherine-kate katherine-katie kathryn-kate
konstantinos-kostas lawrence-larry margaret-maggie margaret-peggy margarita-rita mary-molly michael-mike mikhail-misha
nicholas-nick nicolas-nick nikolaos-nikos richard-dick richard-rick robert-bob robert-bobby sarah-sally stephen-steve
theodore-ted thomas-tommy vladimir-volodya william-bill william-billy william-willie
"""

COMMON = frozenset(
    " ".join((_CHINESE, _KOREAN_AND_VIETNAMESE, _JAPANESE, _INDIAN, _ENGLISH, _ROMANCE, _GERMANIC, _FURTHER)).split()
)
"""Next to these surnames, a given name or two initials are needed."""
EASTERN = frozenset(f"{_CHINESE} {_KOREAN_AND_VIETNAMESE}".split())
"""The common surnames next to which one given name is often the beginning of another: Wei, Weiwei."""
NICKNAMES = frozenset(tuple(pair.split("-")) for pair in _CALLED.split())
"""Pairs of a given name and a nickname that is not its beginning."""
