"""What the load says: everyday sentences that screening leaves at ``none``, and a few that it must alarm at.

Sentences are put together from two halves, so that a run says three hundred different ones of about sixty
characters and no cache of texts can flatter a figure.
"""

from __future__ import annotations

_CHINESE_FIRST = (
    "今天下班以后一个人沿着河边走了很久，风有点凉，",
    "最近考试一门接着一门，晚上总是睡不太踏实，",
    "昨天和妈妈在电话里又吵了几句，挂了以后有点后悔，",
    "新来的同事都很客气，可我还是不知道怎么开口聊天，",
    "我把房间里里外外收拾了一遍，扔掉了很多旧东西，",
    "室友周末都回家了，宿舍里安静得只听得见钟的声音，",
    "这个月加班太多，连周末也在回消息，脑子转不动，",
    "和好朋友因为一件很小的事情好几天没有说话了，",
    "早上出门的时候下着小雨，忘了带伞就一路小跑，",
    "刚搬到这个城市三个月，街上的路还是常常走错，",
    "老师今天在课上点了我的名字，我紧张得声音发抖，",
    "面试等了两个星期还没有回音，心里一直悬着，",
    "跑步坚持到第十天了，虽然慢，可是比上周轻松些，",
    "家里的猫这几天不太爱吃东西，我有些放心不下，",
    "体检的结果出来了，没有大问题，医生让我早点睡，",
    "晚上翻到以前的照片，想起很多一起玩过的人，",
)
_CHINESE_SECOND = (
    "回来煮了一碗面，看着窗外的灯慢慢吃完，心里平静了一点，想找个人说说话。",
    "朋友说放轻松就好，可是我不知道怎么才算放松，你们平时会做些什么呢？",
    "想到明天还有一堆事情要做，就觉得有点累，不过写下来以后好像清楚多了。",
    "其实也没有什么大事，只是想把这些话讲出来，有人听着就觉得好一些。",
    "我试着照你说的慢慢呼吸了几次，肩膀没有那么紧了，谢谢你一直在听。",
    "不知道别人是不是也会这样，忙起来什么都忘了，一停下来就开始乱想。",
    "打算周末去图书馆坐一坐，顺便把拖了很久的那本书看完，给自己放个假。",
    "后来邻居阿姨送来一盘饺子，热乎乎的，突然觉得这座城市也没有那么陌生。",
    "我想先从一件小事开始，比如今晚十一点以前关灯，明天再看看感觉怎么样。",
    "有时候会担心自己做得不够好，可回头看看，这一年也学会了不少新东西。",
    "如果可以的话，想问问怎么跟家里人讲，才不会一开口就变成互相埋怨。",
    "下个星期还有一次汇报，我准备了好几遍稿子，还是怕站上去就忘词。",
    "写到这里发现也没有那么糟，只是需要一点时间，慢慢把节奏找回来。",
    "她说改天请我喝茶，我笑着答应了，其实心里挺期待能好好聊一聊的。",
    "我把手机放远了一点，听了一会儿雨声，觉得整个人松下来不少。",
    "现在最想要的就是睡一个整觉，明天起来把该回的消息一条一条回完。",
)
_ENGLISH_FIRST = (
    "My week at work was busier than planned, ",
    "I finally called my sister last night, ",
    "The exam results come out on Monday, ",
    "It rained all day and I stayed inside, ",
    "My new flatmate is quiet but friendly, ",
    "I keep putting off that long email, ",
    "We argued about the dishes once again, ",
    "Sleep has been a bit patchy this month, ",
)
_ENGLISH_SECOND = (
    "so I made some tea and sat by the window.",
    "and I would like to talk it through.",
    "but a short walk helped more than I thought.",
    "and I am not sure how to bring it up.",
    "though writing it down makes it clearer.",
    "so tomorrow I will start with one thing.",
    "and my friend says that is normal.",
    "but I felt calmer after the breathing.",
)

ORDINARY: tuple[str, ...] = tuple(
    sentence
    for zh, en in zip(
        (first + second for second in _CHINESE_SECOND for first in _CHINESE_FIRST),
        [first + second for second in _ENGLISH_SECOND for first in _ENGLISH_FIRST] * 4,
        strict=True,
    )
    for sentence in (zh, zh, zh, en)
)
"""Four messages in a row are three Chinese and one English."""

ALARMS: tuple[str, ...] = (
    "我已经把药全吃了，跟你们说声再见。",
    "我现在就在楼顶边上，马上就跳下去。",
    "I have just taken all of my pills and I am saying goodbye.",
    "I am on the bridge right now and I am going to jump.",
)
"""An act begun, or intent with means and a time: ``imminent``."""


def ordinary(number: int) -> str:
    """The ``number``-th everyday message of a run."""
    return ORDINARY[number % len(ORDINARY)]


def long_text(number: int, length: int) -> str:
    """An everyday text of exactly ``length`` code points, different for neighbouring numbers."""
    text = ""
    while len(text) < length:
        text += ordinary(number)
        number += 7
    return text[:length]
