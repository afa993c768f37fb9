from django.core import mail


def test_mail_goes_out_over_smtp(smtp):
    mail.send_mail("承诺", "A deadline passed.", "tracker@example.org", ["reader@example.org"])

    (message,) = smtp.messages
    assert (message["Subject"], message.get_content().strip()) == ("承诺", "A deadline passed.")
    assert smtp.recipients == [["reader@example.org"]]
