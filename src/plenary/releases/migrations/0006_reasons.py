from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('releases', '0005_plans'),
    ]

    operations = [
        migrations.AddField(
            model_name='proposal',
            name='reasons_sha256',
            field=models.CharField(blank=True, default='', max_length=64),
        ),
    ]
